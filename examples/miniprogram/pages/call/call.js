const { credentials } = require('../../utils/credentials')
const { log } = require('../../utils/log')
const { nameOf } = require('../../utils/names')
const { texts } = require('../../utils/texts')

/** Values of `type`, as the component knows them. */
const AUDIO = 1
const VIDEO = 2

Page({
  data: {
    t: texts(),
    config: { sdkAppID: 0, userID: '', userSig: '', type: AUDIO },
    /** entering, ready, failed */
    state: 'entering',
    contacts: [],
    adding: '',
    chosen: 0,
    last: '',
  },

  onLoad(query) {
    const t = texts()
    const name = nameOf(query)
    wx.setNavigationBarTitle({ title: t.callDemo })
    const names = (wx.getStorageSync('contacts') || []).filter((contact) => contact !== name)
    this.setData({ t, contacts: names.map((contact) => ({ name: contact, online: false, chosen: false })) })
    if (query.contact) this.addContact(decodeURIComponent(query.contact), name)
    credentials(name).then((who) => {
      this.setData({ config: Object.assign(who, { type: AUDIO }) }, () => this.login())
    }).catch(({ message }) => this.fail(message))
  },

  onUnload() {
    if (this.calling) this.calling.logout()
  },

  login() {
    this.calling = this.selectComponent('#TRTCCalling-room')
    this.follow()
    this.watch()
    this.calling.login().then(() => this.setData({ state: 'ready' })).catch(({ message }) => this.fail(message))
  },

  /** What the component tells. It shows the call by itself; the page says how it ended. */
  follow() {
    const { EVENT } = this.calling
    const on = (code, run) => this.calling.on(code, ({ data }) => {
      log(`${code} ${data && data.userID ? data.userID : ''}`)
      run(data || {})
    })
    const says = (words) => () => this.setData({ last: words() })
    on(EVENT.USER_PRESENCE, ({ userID, online }) => this.change(userID, { online }))
    on(EVENT.INVITED, ({ sponsor }) => this.setData({ last: texts().callFrom + sponsor }))
    on(EVENT.REJECT, ({ invitee }) => this.setData({ last: texts().callRejected + invitee }))
    on(EVENT.LINE_BUSY, ({ invitee }) => this.setData({ last: texts().callBusy + invitee }))
    on(EVENT.NO_RESP, ({ timeoutUserList }) => this.setData({ last: texts().callUnreached + timeoutUserList.join(', ') }))
    on(EVENT.CALLING_TIMEOUT, says(() => texts().callTimeout))
    on(EVENT.CALLING_CANCEL, ({ sponsor }) => this.setData({ last: texts().callCancelled + sponsor }))
    on(EVENT.CALL_END, ({ call_end: seconds }) => seconds > 0 && this.setData({ last: `${texts().callEnded}${seconds} s` }))
    on(EVENT.ERROR, ({ code, message }) => wx.showToast({ title: `${message} (${code})`, icon: 'none' }))
    on(EVENT.KICKED_OUT, () => this.fail(texts().callElsewhere))
  },

  fail(words) {
    log(words)
    this.setData({ state: 'failed', last: words })
  },

  typed(event) {
    this.setData({ adding: event.detail.value.trim() })
  },

  add() {
    const { adding, config } = this.data
    if (!adding) return
    this.addContact(adding, config.userID)
    this.setData({ adding: '' })
    this.watch()
  },

  addContact(name, self) {
    const { contacts } = this.data
    if (name !== self && !contacts.some((contact) => contact.name === name)) {
      this.keep([{ name, online: false, chosen: false }].concat(contacts))
    }
  },

  remove(event) {
    const { name } = event.currentTarget.dataset
    const gone = ({ confirm }) => {
      if (!confirm) return
      this.keep(this.data.contacts.filter((contact) => contact.name !== name))
      this.watch()
    }
    wx.showModal({ title: this.data.t.remove, content: name, success: gone })
  },

  tick(event) {
    const { name } = event.currentTarget.dataset
    this.change(name, { chosen: !this.data.contacts.find((contact) => contact.name === name).chosen })
  },

  call(event) {
    const { name, type } = event.currentTarget.dataset
    this.calling.call({ userID: name, type: Number(type) })
  },

  /** Everybody who is ticked. The server needs no group for it. */
  groupCall(event) {
    const userIDList = this.data.contacts.filter(({ chosen }) => chosen).map(({ name }) => name)
    this.keep(this.data.contacts.map((contact) => Object.assign({}, contact, { chosen: false })))
    this.calling.groupCall({ userIDList, type: Number(event.currentTarget.dataset.type) === VIDEO ? VIDEO : AUDIO })
  },

  onShareAppMessage() {
    const { t, config } = this.data
    return { title: t.callFrom + config.userID, path: `/pages/call/call?contact=${encodeURIComponent(config.userID)}` }
  },

  /** Asks to be told who of the contacts is online. */
  watch() {
    if (this.calling) this.calling.watchUsers(this.data.contacts.map(({ name }) => name))
  },

  change(name, changes) {
    this.keep(this.data.contacts.map((contact) => (contact.name === name ? Object.assign({}, contact, changes) : contact)))
  },

  keep(contacts) {
    wx.setStorageSync('contacts', contacts.map(({ name }) => name))
    this.setData({ contacts, chosen: contacts.filter(({ chosen }) => chosen).length })
  },
})
