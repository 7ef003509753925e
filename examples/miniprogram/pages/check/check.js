// Whether this device can take part: a preview of the camera, the level of the microphone, the network, the server.
const { log } = require('../../utils/log')
const { texts } = require('../../utils/texts')

Page({
  data: { t: texts(), rows: [], level: 0, problem: '' },

  onLoad() {
    const t = texts()
    const info = wx.getAppBaseInfo ? wx.getAppBaseInfo() : wx.getSystemInfoSync()
    this.setData({ t, 'rows[0]': { name: t.version, value: info.SDKVersion }, 'rows[1]': { name: t.network, value: '…' }, 'rows[2]': { name: t.server, value: '…' } })
    wx.setNavigationBarTitle({ title: t.checkDemo })
    wx.getNetworkType({ success: ({ networkType }) => this.setData({ 'rows[1].value': networkType }) })
    this.askServer()
  },

  onReady() {
    this.context = wx.createLivePusherContext(this)
    this.context.startPreview({ fail: ({ errMsg }) => log(errMsg) })
  },

  onUnload() {
    this.context.stopPreview({})
  },

  askServer() {
    const { server } = getApp().globalData
    const started = Date.now()
    const tell = (value) => this.setData({ 'rows[2].value': value })
    wx.request({
      url: `${server}/healthz`,
      success: ({ statusCode }) => tell(statusCode === 200 ? `${this.data.t.reachable}, ${Date.now() - started} ms` : `${statusCode}`),
      fail: ({ errMsg }) => tell(`${this.data.t.unreachable}: ${errMsg}`),
    })
  },

  changed(event) {
    const { code, message } = event.detail
    log(`${code} ${message}`)
    if (code === 10001 || code === -1301) this.setData({ problem: this.data.t.cameraFailed })
    if (code === 10002 || code === -1302) this.setData({ problem: this.data.t.micFailed })
  },

  volume(event) {
    this.setData({ level: event.detail.volume })
  },

  openSetting() {
    wx.openSetting({ success: () => this.setData({ problem: '' }) })
  },
})
