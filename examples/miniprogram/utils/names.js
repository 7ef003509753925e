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
  const known = [decodeURIComponent(query.name || ''), wx.getStorageSync('name')].find((name) => name && (!fits || fits(name)))
  if (known) return known
  const made = guest()
  wx.setStorageSync('name', made)
  return made
}

module.exports = { guest, isPlain, nameOf }
