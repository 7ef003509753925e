// What the pages with a room have in common: the SDK, its events, and the handlers of the two tags.
const TRTC = require('../huitong/trtc-wx/trtc-wx')
const { credentials } = require('../utils/credentials')
const { log } = require('../utils/log')
const { isPlain, nameOf } = require('../utils/names')
const { permission } = require('../utils/native')
const { texts } = require('../utils/texts')

/** Louder than this counts as speaking, of 100. */
const SPEAKING = 8

module.exports = Behavior({
  data: {
    t: texts(),
    pusher: {},
    players: [],
    /** entering, joined, left */
    state: 'entering',
    banner: '',
    myVolume: 0,
    myQuality: 0,
    speaks: '',
    tile: 1,
  },

  methods: {
    /** Enters the room of the page's address. `more` goes to enterRoom, `media` says what to switch on. */
    enter(query, more, media) {
      this.room = Number(query.room)
      this.media = media
      this.users = []
      this.userID = nameOf(query, isPlain)
      wx.setNavigationBarTitle({ title: `${this.data.t.room} ${query.room}` })
      wx.setKeepScreenOn({ keepScreenOn: true })
      this.TRTC = new TRTC(this)
      this.setData({ t: texts(), pusher: this.TRTC.createPusher({ beautyLevel: 0 }).pusherAttributes, banner: texts().connecting })
      this.follow()
      return credentials(this.userID).then((who) => {
        if (this.data.state === 'left') return
        this.setData({ pusher: this.TRTC.enterRoom(Object.assign(who, { roomID: this.room }, more)) }, () => {
          if (this.data.pusher.url) this.TRTC.getPusherInstance().start()
        })
      }).catch((error) => this.fail(error.message))
    },

    leave() {
      if (this.data.state !== 'left' && this.TRTC) {
        const { pusher, playerList } = this.TRTC.exitRoom()
        this.setData({ state: 'left', pusher, players: playerList })
        wx.setKeepScreenOn({ keepScreenOn: false })
      }
    },

    /** Leaves and goes back to where one came from. */
    hangUp() {
      this.leave()
      if (getCurrentPages().length > 1) wx.navigateBack()
      else wx.reLaunch({ url: '/pages/index/index' })
    },

    /** Shows a sentence and goes back when it was read. */
    fail(content) {
      log(content)
      this.leave()
      wx.showModal({ title: texts().title, content, showCancel: false, success: () => this.hangUp() })
    },

    setPusher(attributes) {
      this.setData({ pusher: this.TRTC.setPusherAttributes(attributes) })
    },

    setPlayer(player, attributes) {
      this.setPlayers(this.TRTC.setPlayerAttributes(player.streamID, attributes))
    },

    /** Shows what is played, and a face for each who sends nothing at the moment. */
    setPlayers(list) {
      const playing = list.filter((one) => one.src && (one.hasVideo || one.hasAudio))
      const silent = this.users.filter((userID) => !playing.some((one) => one.userID === userID && one.streamType === 'main'))
      const players = playing.concat(silent.map((userID) => ({ userID, streamID: `${userID}_main`, streamType: 'main', netStatus: {} })))
      const shown = players.length + (this.data.pusher.url ? 1 : 0)
      this.setData({ players, tile: [1, 2, 4, 6, 9].find((count) => shown <= count) || 9 })
    },

    toggleMic() {
      this.setPusher({ enableMic: !this.data.pusher.enableMic })
    },

    toggleCamera() {
      this.setPusher({ enableCamera: !this.data.pusher.enableCamera })
    },

    flipCamera() {
      this.setData({ pusher: this.TRTC.getPusherInstance().switchCamera() })
    },

    toggleSpeaker() {
      const soundMode = this.data.soundMode === 'ear' ? 'speaker' : 'ear'
      this.setData({ soundMode })
      this.setPlayers(this.TRTC.setPlayerAttributes({ soundMode }))
    },

    follow() {
      const { EVENT } = this.TRTC
      const on = (code, run) => this.TRTC.on(code, ({ data }) => {
        if (code.indexOf('VOLUME') < 0 && code.indexOf('NET_STATE') < 0) log(code)
        run(data || {})
      })
      on(EVENT.LOCAL_JOIN, () => {
        this.setData({ state: 'joined', banner: '' })
        this.setPusher(this.media)
        this.setPlayers(this.TRTC.getPlayerList())
      })
      on(EVENT.LOCAL_LEAVE, () => this.setData({ state: 'left' }))
      on(EVENT.KICKED_OUT, () => this.fail(texts().dissolved))
      on(EVENT.ERROR, ({ code, message, detail }) => this.failed(code, message, detail))
      const users = ({ userList, playerList }) => {
        this.users = userList.map(({ userID }) => userID)
        this.setPlayers(playerList)
      }
      on(EVENT.REMOTE_USER_JOIN, users)
      on(EVENT.REMOTE_USER_LEAVE, users)
      on(EVENT.REMOTE_VIDEO_ADD, ({ player }) => this.setPlayer(player, { muteVideo: false }))
      on(EVENT.REMOTE_VIDEO_REMOVE, ({ player }) => this.setPlayer(player, { muteVideo: true }))
      on(EVENT.REMOTE_AUDIO_ADD, ({ player }) => this.setPlayer(player, { muteAudio: false }))
      on(EVENT.REMOTE_AUDIO_REMOVE, ({ player }) => this.setPlayer(player, { muteAudio: true }))
      on(EVENT.REMOTE_AUDIO_VOLUME_UPDATE, ({ playerList }) => {
        const loudest = playerList.slice().sort((a, b) => b.volume - a.volume)[0]
        this.setPlayers(playerList)
        this.setData({ speaks: loudest && loudest.volume > SPEAKING ? loudest.userID : '' })
      })
      on(EVENT.REMOTE_NET_STATE_UPDATE, ({ playerList }) => this.setPlayers(playerList))
      on(EVENT.LOCAL_AUDIO_VOLUME_UPDATE, ({ pusher }) => this.setData({ myVolume: pusher.volume }))
      on(EVENT.LOCAL_NET_STATE_UPDATE, ({ pusher }) => this.setData({ myQuality: (pusher.netStatus || {}).netQualityLevel || 0 }))
    },

    failed(code, message, detail) {
      log(`${code} ${message}`)
      // While the push is down the SDK starts it again; what the server refuses, and everything else, is for people to read.
      if (code === -1307 || (code === -3301 && !detail)) this.setData({ banner: texts().reconnecting })
      else if (this.data.state !== 'joined') this.fail(`${texts().failed}${message} (${code})`)
      else wx.showToast({ title: `${message} (${code})`, icon: 'none' })
    },

    pusherStateChange(event) {
      const { code } = event.detail
      if (code === 1002 && this.data.banner === texts().reconnecting) this.setData({ banner: '' })
      permission(code, texts(), () => this.data.pusher.url && this.TRTC.getPusherInstance().start())
      this.TRTC.pusherEventHandler(event)
    },
    pusherNetStatus(event) { this.TRTC.pusherNetStatusHandler(event) },
    pusherError(event) { this.TRTC.pusherErrorHandler(event) },
    pusherVolume(event) { this.TRTC.pusherAudioVolumeNotify(event) },
    playerStateChange(event) { this.TRTC.playerEventHandler(event) },
    playerFullscreen(event) { this.TRTC.playerFullscreenChange(event) },
    playerNetStatus(event) { this.TRTC.playerNetStatus(event) },
    playerVolume(event) { this.TRTC.playerAudioVolumeNotify(event) },
  },
})
