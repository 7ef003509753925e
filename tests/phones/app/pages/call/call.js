// A page with calls as the vendor's document has it: config, selectComponent, handlers, login.
Page({
  data: {
    config: { sdkAppID: 0, userID: '', userSig: '', type: 1 },
    backgroundMute: false,
    ringTone: true,
    cameraPreview: true,
    status: 'idle',
  },

  onLoad({ sdkAppID, userID, userSig, type = 1, backgroundMute = false, ringTone = true, cameraPreview = true }) {
    this.setData({ config: { sdkAppID, userID, userSig, type }, backgroundMute, ringTone, cameraPreview }, () => {
      this.TRTCCalling = this.selectComponent('#TRTCCalling-room')
      this.bindEvents()
      this.TRTCCalling.login().then(
        () => this.setData({ status: 'logged in' }),
        ({ code }) => this.setData({ status: `error ${code}` }),
      )
    })
  },

  onUnload() {
    this.TRTCCalling.logout()
  },

  bindEvents() {
    const { EVENT } = this.TRTCCalling
    const over = () => this.TRTCCalling.hangup()
    // The published demo hangs up in these handlers.
    this.TRTCCalling.on(EVENT.CALL_END, over)
    this.TRTCCalling.on(EVENT.NO_RESP, over)
    this.TRTCCalling.on(EVENT.LINE_BUSY, over)
    this.TRTCCalling.on(EVENT.ERROR, ({ data }) => this.setData({ error: data }))
  },

  call(userID, type) {
    this.TRTCCalling.call({ userID, type }).then((placed) => this.setData({ placed }))
  },
  groupCall(userIDList, type, groupID) {
    this.TRTCCalling.groupCall({ userIDList, type, groupID }).then((placed) => this.setData({ placed }))
  },
  accept() {
    // A refusal is told by an event, too.
    this.TRTCCalling.accept().catch((refused) => this.setData({ refused }))
  },
  reject() {
    this.TRTCCalling.reject()
  },
  hangup() {
    this.TRTCCalling.hangup()
  },
  setBackgroundMute(backgroundMute) {
    this.setData({ backgroundMute })
  },
  setMicMute(isMute) {
    this.TRTCCalling.setMicMute(isMute)
  },
  closeCamera() {
    this.TRTCCalling.closeCamera()
  },
  openCamera() {
    this.TRTCCalling.openCamera()
  },
})
