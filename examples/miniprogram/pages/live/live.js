const room = require('../../behaviors/room')

Page({
  behaviors: [room],
  data: { anchor: false },

  onLoad(query) {
    const anchor = query.role === 'anchor'
    this.query = query
    this.setData({ anchor })
    const off = { enableCamera: false, enableMic: false }
    this.enter(query, { scene: 'live', role: anchor ? 'anchor' : 'audience' }, anchor ? { enableCamera: true, enableMic: true } : off)
  },

  onUnload() {
    this.leave()
  },

  /** Goes up to the anchors, or down to the audience: the room is entered anew in the other role. */
  changeRole() {
    const role = this.data.anchor ? 'audience' : 'anchor'
    this.leave()
    wx.redirectTo({ url: `/pages/live/live?room=${this.query.room}&name=${this.query.name}&role=${role}` })
  },
})
