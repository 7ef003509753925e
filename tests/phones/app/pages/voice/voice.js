// An audio-only room: nobody's video is ever asked for; listeners take the microphone and give it back.
const TRTC = require('../../static/trtc-wx')

Page({
  data: { pusher: null, playerList: [], role: 'presenter', status: 'idle' },

  onLoad({ role = 'presenter', ...params }) {
    this.TRTC = new TRTC(this, { env: params.env })
    this.setData({ role, pusher: this.TRTC.createPusher({ audioVolumeType: 'media' }).pusherAttributes })
    this.bindEvents()
    this.setData({ pusher: this.TRTC.enterRoom(params), status: 'entering' }, () =>
      this.TRTC.getPusherInstance().start(),
    )
  },

  bindEvents() {
    const { EVENT } = this.TRTC
    this.TRTC.on(EVENT.LOCAL_JOIN, () => {
      this.setData({ status: 'joined' })
      if (this.data.role === 'presenter') this.setPusher({ enableMic: true })
    })
    this.TRTC.on(EVENT.REMOTE_USER_LEAVE, ({ data }) => this.setData({ playerList: data.playerList }))
    this.TRTC.on(EVENT.REMOTE_AUDIO_ADD, ({ data }) => this.setPlayer(data.player, { muteAudio: false }))
    this.TRTC.on(EVENT.REMOTE_AUDIO_REMOVE, ({ data }) => this.setPlayer(data.player, { muteAudio: true }))
    this.TRTC.on(EVENT.ERROR, ({ data }) => this.setData({ status: `error ${data.code}` }))
  },

  setPlayer(player, attributes) {
    this.setData({ playerList: this.TRTC.setPlayerAttributes(player.streamID, attributes) })
  },

  setPusher(attributes) {
    this.setData({ pusher: this.TRTC.setPusherAttributes(attributes) })
  },

  changeRole() {
    const presenter = this.data.role !== 'presenter'
    this.setPusher({ enableMic: presenter })
    this.setData({ role: presenter ? 'presenter' : 'audience' })
  },

  hangUp() {
    const { pusher, playerList } = this.TRTC.exitRoom()
    this.setData({ pusher, playerList, status: 'left' })
  },

  _pusherStateChangeHandler(event) {
    this.TRTC.pusherEventHandler(event)
  },
  _pusherNetStatusHandler(event) {
    this.TRTC.pusherNetStatusHandler(event)
  },
  _pusherErrorHandler(event) {
    this.TRTC.pusherErrorHandler(event)
  },
  _pusherAudioVolumeNotify(event) {
    this.TRTC.pusherAudioVolumeNotify(event)
  },
  _playerStateChange(event) {
    this.TRTC.playerEventHandler(event)
  },
  _playerNetStatus(event) {
    this.TRTC.playerNetStatus(event)
  },
  _playerAudioVolumeNotify(event) {
    this.TRTC.playerAudioVolumeNotify(event)
  },
})
