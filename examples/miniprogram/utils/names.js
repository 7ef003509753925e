// Who the user is on these pages: the name of the first page, which whoever comes by a card may never have seen.

/** A name that is good enough to try things with. */
function guest() {
  return `guest${Math.floor(Math.random() * 9000) + 1000}`
}

/** Whether trtc-wx takes a name: it refuses Chinese characters. */
function isPlain(name) {
  return !/[\u4E00-\u9FA5]/.test(name)
}

/** The name in the address of a page, else the one of an earlier visit, else a new one, which is kept. */
function nameOf(query, fits) {
  const own = wx.getStorageSync('name')
  const known = [decodeURIComponent(query.name || ''), own].find((name) => name && (!fits || fits(name)))
  if (known) return known
  // A name that only this page does not take stays the user's name on the others.
  const place = own ? 'plainName' : 'name'
  const made = wx.getStorageSync(place) || guest()
  wx.setStorageSync(place, made)
  return made
}

module.exports = { guest, isPlain, nameOf }
