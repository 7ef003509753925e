const { texts } = require('../../utils/texts')

/** A name that is good enough to try things with. */
const guest = () => `guest${Math.floor(Math.random() * 9000) + 1000}`

Page({
  data: { t: texts(), name: '', room: '', server: '', demos: [] },

  onLoad() {
    const t = texts()
    wx.setNavigationBarTitle({ title: t.title })
    this.setData({
      t,
      name: wx.getStorageSync('name') || guest(),
      room: wx.getStorageSync('room') || '1234',
      server: getApp().globalData.server,
      demos: [
        { page: 'room', mark: '▦', title: t.roomDemo, about: t.roomDemoAbout },
        { page: 'call', mark: '☎', title: t.callDemo, about: t.callDemoAbout },
        { page: 'conference', mark: '⚑', title: t.conferenceDemo, about: t.conferenceDemoAbout },
        { page: 'voice', mark: '♪', title: t.voiceDemo, about: t.voiceDemoAbout },
        { page: 'live', mark: '◉', title: t.liveDemo, about: t.liveDemoAbout },
        { page: 'check', mark: '✓', title: t.checkDemo, about: t.checkDemoAbout },
      ],
    })
  },

  typed(event) {
    this.setData({ [event.currentTarget.dataset.field]: event.detail.value.trim() })
  },

  changeServer() {
    const { t, server } = this.data
    wx.showModal({
      title: t.server, editable: true, content: server, placeholderText: 'https://av.example.com',
      success: ({ confirm, content }) => {
        if (!confirm || !/^https?:\/\/[^/]+$/.test(content)) return
        wx.setStorageSync('server', content)
        getApp().useServer(content)
        this.setData({ server: content })
      },
    })
  },

  open(event) {
    const { name, room, t } = this.data
    const { page } = event.currentTarget.dataset
    const number = Number(room)
    if (!name) return wx.showToast({ title: t.needName, icon: 'none' })
    if (!(number >= 1 && number <= 4294967295 && number % 1 === 0)) return wx.showToast({ title: t.needRoom, icon: 'none' })
    wx.setStorageSync('name', name)
    wx.setStorageSync('room', room)
    return wx.navigateTo({ url: `/pages/${page}/${page}?room=${number}&name=${encodeURIComponent(name)}` })
  },
})
