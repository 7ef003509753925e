// Who the user is, and the UserSig that proves it.
//
// In production your own back-end mints the UserSig after its own login: set BACKEND to an address that answers
// { sdkAppID, userSig } to a POST of { userID }. Without one the demo application of the server is asked, which exists only
// while the operator has configured no application. A secret never belongs into a mini program.
const BACKEND = ''

// The same for voice rooms: it answers { appID, authBuffer } to a POST of { userID, roomID }. Users of voice rooms are int64
// numbers, written as texts.
const VOICE_BACKEND = ''

const { texts } = require('./texts')

function post(url, data) {
  return new Promise((resolve, reject) => {
    wx.request({ url, method: 'POST', data, success: resolve, fail: ({ errMsg }) => reject(new Error(texts().noServer + errMsg)) })
  })
}

function demo(path, data) {
  return post(`${getApp().globalData.server}/demo/${path}`, data).then(({ statusCode, data: answer }) => {
    if (statusCode === 200) return answer
    throw new Error(statusCode === 404 ? texts().ownApp : `${texts().failed}${(answer && answer.detail) || statusCode}`)
  })
}

/** { sdkAppID, userID, userSig } of a user; rejects with a sentence for people. */
function credentials(userID) {
  if (BACKEND) {
    return post(BACKEND, { userID }).then(({ data }) => ({ sdkAppID: data.sdkAppID, userID, userSig: data.userSig }))
  }
  return demo('usersig', { user: userID }).then(({ app, user, userSig }) => ({ sdkAppID: app, userID: user, userSig }))
}

/** { appID, roomID, userID, authBuffer } of a user in a voice room; rejects with a sentence for people. */
function voiceCredentials(userID, roomID) {
  if (VOICE_BACKEND) {
    return post(VOICE_BACKEND, { userID, roomID }).then(({ data }) => ({ appID: String(data.appID), roomID, userID, authBuffer: data.authBuffer }))
  }
  return demo('authbuffer', { user: userID, room: roomID }).then(({ app, authBuffer }) => ({ appID: String(app), roomID, userID, authBuffer }))
}

module.exports = { credentials, voiceCredentials }
