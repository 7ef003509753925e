// A page of a conference as the vendor's document has it: callbacks on mgr, push on one's own entry, play what is added.
const emedia = require('../../emedia/emedia_for_miniProgram.js')

const CALLBACKS = [
  'onMemberJoined', 'onMemberExited', 'onStreamAdded', 'onStreamRemoved', 'onRoleChanged', 'onMediaChanaged', 'onConferenceExit',
  'onConfrAttrsUpdated', 'onReconnect', 'onMemberRoleChanged', 'onHandRaised', 'onHandDeclined', 'onMuted', 'onAudienceChanged', 'onPushRefused',
]
const nameOf = (one) => (one && (one.userName || (one.owner && one.owner.userName))) || undefined

Page({
  data: { told: [], answers: {}, players: [], pubUrl: '', enableCamera: true, enableMic: true },

  onLoad({ appKey, user, token, silent }) {
    this.told = []
    wx.WebIM = { conn: { context: { accessToken: token, jid: { appKey, name: user, domain: 'easemob.com' } } } }
    CALLBACKS.forEach((name) => {
      emedia.mgr[name] = (...args) => {
        this.note(name, args)
        if (this[name]) this[name](...args)
      }
    })
    this.silent = silent
  },

  note(name, [first, second]) {
    const plain = typeof first === 'object' && nameOf(first) ? { user: nameOf(first), voff: first.voff, aoff: first.aoff, closeReason: first.closeReason, role: first.role, nickName: first.nickName, ext: first.ext } : { value: first }
    this.told.push({ name, ...plain, second: typeof second === 'object' ? undefined : second })
    this.setData({ told: this.told })
  },

  onMemberJoined(member) {
    if (member.isSelf && !this.silent && member.role !== emedia.mgr.Role.AUDIENCE) this.push()
  },
  onReconnect() {
    this.setData({ players: [] })
  },
  push() {
    emedia.mgr.pubStream(emedia.util.getRtcId()).then(
      ({ data, voff }) => this.setData({ pubUrl: data.rtmp, voff }, () => wx.createLivePusherContext().start()),
      (error) => this.setData({ pushError: error.error }),
    )
  },
  onStreamAdded(stream) {
    emedia.mgr.subStream(stream.id).then(({ data }) => {
      const player = { id: `${stream.owner.userName}_main`, streamId: stream.id, src: data.rtmp }
      this.setData({ players: this.data.players.filter(({ id }) => id !== player.id).concat(player) })
    })
  },
  onStreamRemoved(stream) {
    this.setData({ players: this.data.players.filter(({ streamId }) => streamId !== stream.id) })
  },
  onConferenceExit() {
    this.setData({ players: [] })
    if (this.data.pubUrl) wx.createLivePusherContext().stop()
    this.setData({ pubUrl: '' })
  },

  /** The application's messaging has another token. */
  renew(token) {
    wx.WebIM.conn.context.accessToken = token
  },

  /** Asks the manager something; the answer is in `answers` under this number. */
  ask(number, method, ...args) {
    const keep = (answer) => this.setData({ [`answers.${number}`]: JSON.parse(JSON.stringify(answer)) })
    emedia.mgr[method](...args).then(
      (value) => keep(value === undefined ? { undefined: true } : { value, text: String(value) }),
      (error) => keep({ error }),
    )
  },
  /** Plays all other voices as one sound. */
  mix() {
    emedia.mgr.subMix().then(({ data }) => {
      this.setData({ players: this.data.players.concat({ id: 'mix_main', streamId: 'mix', src: data.rtmp }) })
    })
  },
  exit(...args) {
    emedia.mgr.exitConference(...args)
  },
  camera(enableCamera) {
    this.setData({ enableCamera })
    emedia.mgr.setMedia({ video: enableCamera })
  },
  mic(enableMic) {
    this.setData({ enableMic })
    emedia.mgr.setMedia({ audio: enableMic })
  },
  onUnload() {
    emedia.mgr.exitConference()
  },
})
