const room = require('../../behaviors/room')

/** One of nine tiles is one's own. */
const MOST_PLAYERS = 8

Page({
  behaviors: [room],
  data: { most: MOST_PLAYERS },

  onLoad(query) {
    this.enter(query, { scene: 'rtc' }, { enableCamera: true, enableMic: true })
  },

  onUnload() {
    this.leave()
  },

  onShareAppMessage() {
    return { title: `${this.data.t.room} ${this.room}`, path: `/pages/room/room?room=${this.room}` }
  },
})
