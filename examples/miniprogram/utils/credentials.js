// Who the user is, and the UserSig that proves it.
//
// In production your own back-end mints the UserSig after its own login: set BACKEND to an address that answers
// { sdkAppID, userSig } to a POST of { userID }. Without one the demo application of the server is asked, which exists only
// while the operator has configured no application. A secret never belongs into a mini program.
const BACKEND = ''

const { texts } = require('./texts')

function post(url, data) {
  return new Promise((resolve, reject) => {
    wx.request({ url, method: 'POST', data, success: resolve, fail: ({ errMsg }) => reject(new Error(texts().noServer + errMsg)) })
  })
}

/** { sdkAppID, userID, userSig } of a user; rejects with a sentence for people. */
function credentials(userID) {
  const { server } = getApp().globalData
  if (BACKEND) {
    return post(BACKEND, { userID }).then(({ data }) => ({ sdkAppID: data.sdkAppID, userID, userSig: data.userSig }))
  }
  return post(`${server}/demo/usersig`, { user: userID }).then(({ statusCode, data }) => {
    if (statusCode === 200) return { sdkAppID: data.app, userID: data.user, userSig: data.userSig }
    throw new Error(statusCode === 404 ? texts().ownApp : `${texts().failed}${(data && data.detail) || statusCode}`)
  })
}

module.exports = { credentials }
