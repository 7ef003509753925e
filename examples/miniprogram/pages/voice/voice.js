const { voiceCredentials } = require('../../utils/credentials')
const { initial } = require('../../utils/faces')
const { log } = require('../../utils/log')
const { permission } = require('../../utils/native')
const { texts } = require('../../utils/texts')

/** Seats that are always drawn, taken or free. */
const SEATS = 8
/** Louder than this counts as speaking, of 100. */
const SPEAKING = 8

/** Voice rooms know users by numbers; which name belongs to one is your back-end's business. Here a phone keeps a number. */
function ownNumber() {
  const known = wx.getStorageSync('voiceUser')
  if (known) return known
  const made = String(10001 + Math.floor(Math.random() * 1e9))
  wx.setStorageSync('voiceUser', made)
  return made
}

Page({
  data: {
    t: texts(),
    config: {},
    /** entering, joined, left */
    state: 'entering',
    banner: '',
    seats: [],
    mic: false,
    speaker: true,
  },

  onLoad(query) {
    const t = texts()
    this.name = decodeURIComponent(query.name || '') || t.me
    this.volumes = {}
    this.users = []
    this.room = decodeURIComponent(query.room || '')
    wx.setNavigationBarTitle({ title: `${t.voiceDemo} ${this.room}` })
    wx.setKeepScreenOn({ keepScreenOn: true })
    this.setData({ t, banner: t.connecting })
    voiceCredentials(ownNumber(), this.room).then((config) => {
      if (this.data.state !== 'left') this.setData({ config }, () => this.enter())
    }).catch(({ message }) => this.fail(message))
  },

  onUnload() {
    this.leave()
    wx.setKeepScreenOn({ keepScreenOn: false })
  },

  enter() {
    this.gme = this.selectComponent('#gme')
    this.gme.enterRoom((eventType, params) => this.heard(eventType, params))
  },

  heard(eventType, params) {
    const { EVENT_TYPE, ERROR_TYPE } = this.gme
    if (eventType === EVENT_TYPE.EVENT_AUDIO_VOLUME_UPDATE) {
      this.volumes[params.userID] = params.volume
      this.drawSoon()
      return
    }
    log(`${eventType} ${params.errType} ${params.reason || ''}`)
    if (eventType === EVENT_TYPE.EVENT_ENTER_ROOM_COMPLETED) {
      if (params.errType === ERROR_TYPE.OK) this.setData({ state: 'joined', banner: '' }, () => this.toggleMic())
      else this.fail(this.data.t.voiceErrors[params.code || params.errType] || `${texts().failed}${params.errMsg}`)
    } else if (eventType === EVENT_TYPE.EVENT_USER_LIST_UPDATE) {
      this.users = params.userList.map(({ userID }) => userID)
      this.draw()
    } else if (eventType === EVENT_TYPE.EVENT_EXIT_ROOM_COMPLETED) {
      if (params.reason !== 'exit') this.fail(this.data.t.voiceExits[params.reason] || this.data.t.voiceOver + params.reason)
    } else if (eventType === EVENT_TYPE.EVENT_ERROR) {
      if (!permission(params.code, this.data.t, () => this.reopen())) wx.showToast({ title: params.errMsg, icon: 'none' })
    }
  },

  toggleMic() {
    const mic = !this.data.mic
    if (this.gme.enableMic(mic) === this.gme.ERROR_TYPE.OK) this.setData({ mic }, () => this.draw())
  },

  /** The user has allowed the microphone after all. */
  reopen() {
    if (!this.data.mic) return
    this.gme.enableMic(false)
    this.gme.enableMic(true)
  },

  toggleSpeaker() {
    const speaker = !this.data.speaker
    if (this.gme.enableSpeaker(speaker) === this.gme.ERROR_TYPE.OK) this.setData({ speaker })
  },

  /** Several volumes of one moment are drawn together. */
  drawSoon() {
    if (this.due) return
    this.due = true
    setTimeout(() => {
      this.due = false
      this.draw()
    }, 50)
  },

  draw() {
    const { config, mic, state } = this.data
    if (state !== 'joined') return
    const seat = (id, name, userID, on) => {
      const volume = (on && this.volumes[userID]) || 0
      return { id, name, face: initial(name), on, speaks: volume > SPEAKING, ring: volume > SPEAKING ? 4 + volume / 8 : 0 }
    }
    const taken = [seat('me', this.name, config.userID, mic)].concat(this.users.map((userID) => seat(userID, userID, userID, true)))
    const free = Array.from({ length: Math.max(SEATS - taken.length, 0) }, (none, at) => ({ id: `free-${at}`, free: true }))
    this.setData({ seats: taken.concat(free) })
  },

  leave() {
    if (this.data.state === 'left') return
    this.setData({ state: 'left' })
    if (this.gme) this.gme.exitRoom()
  },

  /** Whoever opens the card enters the room. */
  onShareAppMessage() {
    return { title: `${this.data.t.inviteToVoice}${this.room}`, path: `/pages/voice/voice?room=${encodeURIComponent(this.room)}` }
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
})
