// A room as the quick-start of the vendor's documents has it: enter, switch camera and microphone on when
// joined, play whoever sends.
const TRTC = require('../../static/trtc-wx')

Page({
  data: {
    pusher: null,
    playerList: [],
    status: 'idle',
    mix: '',
  },

  onLoad(query) {
    wx.setKeepScreenOn({ keepScreenOn: true })
    this.query = query
    this.TRTC = new TRTC(this, { env: query.env })
    this.setData({ pusher: this.TRTC.createPusher({ beautyLevel: 9 }).pusherAttributes })
    this.bindEvents()
    this.enterRoom()
  },

  onUnload() {
    if (this.data.status !== 'left') this.exitRoom()
  },

  enterRoom() {
    const { sdkAppID, userID, userSig, roomID, strRoomID, scene, role, streamID } = this.query
    const params = { sdkAppID, userID, userSig }
    if (roomID !== undefined) params.roomID = roomID
    if (strRoomID !== undefined) params.strRoomID = strRoomID
    if (scene !== undefined) params.scene = scene
    if (role !== undefined) params.role = role
    if (streamID !== undefined) params.streamID = streamID
    this.setData({ pusher: this.TRTC.enterRoom(params), status: 'entering' }, () => {
      if (this.data.pusher.url) this.TRTC.getPusherInstance().start()
    })
  },

  bindEvents() {
    const { EVENT } = this.TRTC
    const on = (code, handler) => this.TRTC.on(code, handler, this)
    on(EVENT.LOCAL_JOIN, () => {
      const { camera = true, mic = true } = this.query
      this.setData({
        status: 'joined',
        pusher: this.TRTC.setPusherAttributes({ enableCamera: camera, enableMic: mic }),
      })
    })
    on(EVENT.LOCAL_LEAVE, () => this.setData({ status: 'left' }))
    on(EVENT.KICKED_OUT, () => {
      this.exitRoom()
      this.setData({ status: 'kicked' })
    })
    on(EVENT.ERROR, ({ data }) => this.setData({ status: `error ${data.code}` }))
    on(EVENT.REMOTE_USER_LEAVE, ({ data }) => this.setData({ playerList: data.playerList }))
    on(EVENT.REMOTE_VIDEO_ADD, ({ data }) => this.setPlayer(data.player, { muteVideo: this.query.watch === false }))
    on(EVENT.REMOTE_VIDEO_REMOVE, ({ data }) => this.setPlayer(data.player, { muteVideo: true }))
    on(EVENT.REMOTE_AUDIO_ADD, ({ data }) => this.setPlayer(data.player, { muteAudio: false }))
    on(EVENT.REMOTE_AUDIO_REMOVE, ({ data }) => this.setPlayer(data.player, { muteAudio: true }))
    on(EVENT.REMOTE_AUDIO_VOLUME_UPDATE, ({ data }) => this.setData({ playerList: data.playerList }))
    on(EVENT.REMOTE_MIX_UPDATE, ({ data }) => this.setData({ mix: data.src }))
    on(EVENT.LOCAL_AUDIO_VOLUME_UPDATE, ({ data }) => this.setData({ pusher: data.pusher }))
  },

  setPlayer(player, attributes) {
    this.setData({ playerList: this.TRTC.setPlayerAttributes(player.streamID, attributes) })
  },

  setPusher(attributes) {
    this.setData({ pusher: this.TRTC.setPusherAttributes(attributes) })
  },

  /** Plays all other voices as one sound, or each by itself. */
  subMix(on) {
    this.TRTC.subMix(on)
  },

  toggleMic() {
    this.setPusher({ enableMic: !this.data.pusher.enableMic })
  },

  toggleCamera() {
    this.setPusher({ enableCamera: !this.data.pusher.enableCamera })
  },

  _mutePlayerAudio(event) {
    const player = event.currentTarget.dataset.value
    this.setPlayer(player, { muteAudio: !player.muteAudio })
  },

  _mutePlayerVideo(event) {
    const player = event.currentTarget.dataset.value
    this.setPlayer(player, { muteVideo: !player.muteVideo })
  },

  exitRoom() {
    const { pusher, playerList } = this.TRTC.exitRoom()
    this.setData({ pusher, playerList })
  },

  hangUp() {
    this.exitRoom()
    wx.navigateBack({ delta: 1 })
  },

  /** Enters again after having left, with other parameters. */
  enterAgain(query) {
    Object.assign(this.query, query)
    this.setData({ pusher: this.TRTC.createPusher({}).pusherAttributes })
    this.enterRoom()
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
  _pusherBGMStartHandler(event) {
    this.TRTC.pusherBGMStartHandler(event)
  },
  _pusherBGMProgressHandler(event) {
    this.TRTC.pusherBGMProgressHandler(event)
  },
  _pusherBGMCompleteHandler(event) {
    this.TRTC.pusherBGMCompleteHandler(event)
  },
  _pusherAudioVolumeNotify(event) {
    this.TRTC.pusherAudioVolumeNotify(event)
  },
  _playerStateChange(event) {
    this.TRTC.playerEventHandler(event)
  },
  _playerFullscreenChange(event) {
    this.TRTC.playerFullscreenChange(event)
  },
  _playerNetStatus(event) {
    this.TRTC.playerNetStatus(event)
  },
  _playerAudioVolumeNotify(event) {
    this.TRTC.playerAudioVolumeNotify(event)
  },
})
