const { guest, isPlain } = require('../../utils/names')
const { texts } = require('../../utils/texts')

const isNumber = (room) => /^\d+$/.test(room) && Number(room) >= 1 && Number(room) <= 4294967295

/** What is a room to each SDK, and whether it takes only plain names of users; the others take any. */
const RULES = {
  room: { fits: isNumber, words: (t) => t.needRoom, plain: true },
  live: { fits: isNumber, words: (t) => t.needRoom, plain: true },
  voice: { fits: (room) => /^[A-Za-z0-9_]{1,127}$/.test(room), words: (t) => t.needVoiceRoom },
}

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
    if (!name) return wx.showToast({ title: t.needName, icon: 'none' })
    const rule = RULES[page]
    if (rule && !rule.fits(room)) return wx.showToast({ title: rule.words(t), icon: 'none' })
    wx.setStorageSync('name', name)
    wx.setStorageSync('room', room)
    if (rule && rule.plain && !isPlain(name)) return wx.showToast({ title: t.needPlainName, icon: 'none' })
    return wx.navigateTo({ url: `/pages/${page}/${page}?room=${encodeURIComponent(room)}&name=${encodeURIComponent(name)}` })
  },
})
