const room = require('../../behaviors/room')

/** Seats that are always drawn, taken or free. */
const SEATS = 8

Page({
  behaviors: [room],
  data: { seats: [] },

  observers: {
    'players, myVolume, pusher, state': function fill(players, myVolume, pusher, state) {
      const me = { id: 'me', name: this.data.t.me, volume: myVolume, on: Boolean(pusher.enableMic) }
      const others = players.map((one) => ({ id: one.userID, name: one.userID, volume: one.volume || 0, on: Boolean(one.hasAudio) }))
      const taken = state === 'joined' ? [me].concat(others) : []
      const free = Array.from({ length: Math.max(SEATS - taken.length, 0) }, (none, at) => ({ id: `free-${at}`, free: true }))
      this.setData({ seats: taken.concat(free) })
    },
  },

  onLoad(query) {
    // A voice room never opens the camera: no permission is asked for it.
    this.enter(query, { scene: 'rtc', enableCamera: false }, { enableCamera: false, enableMic: true })
  },

  onUnload() {
    this.leave()
  },
})
