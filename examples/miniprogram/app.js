// Where the server is. In the preview of `huitong` it is set already; on a phone this is the one line to change.
const SERVER = 'http://127.0.0.1:8080'

App({
  globalData: { server: '' },

  onLaunch() {
    const preset = wx.huitong ? wx.huitong.server : ''
    this.useServer(wx.getStorageSync('server') || preset || SERVER)
  },

  /** Every SDK of Huitong finds its server here. */
  useServer(server) {
    wx.huitong = Object.assign({}, wx.huitong, { server })
    this.globalData.server = server
  },
})
