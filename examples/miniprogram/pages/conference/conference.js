const emedia = require('../../huitong/emedia/emedia_for_miniProgram')
const { credentials } = require('../../utils/credentials')
const { initial } = require('../../utils/faces')
const { log } = require('../../utils/log')
const { native } = require('../../utils/native')
const { texts } = require('../../utils/texts')

const { mgr } = emedia
const { ADMIN, TALKER, AUDIENCE } = mgr.Role
/** What can be made, in the order of the picker. */
const TYPES = [mgr.ConfrType.COMMUNICATION, mgr.ConfrType.COMMUNICATION_MIX, mgr.ConfrType.LIVE]
/** One of nine tiles is one's own. */
const MOST_PLAYERS = 8
/** The pusher starts with the camera off: so its sound is not late. It is switched on this much later, ms. */
const CAMERA_LATER_MS = 600
/** Louder than this counts as speaking, of 100. */
const SPEAKING = 8

Page({
  data: {
    t: texts(),
    /** door, entering, inside, left */
    state: 'door',
    roomName: '', password: '', type: 0, watch: false, invited: false, most: MOST_PLAYERS,
    confrId: '', name: '', role: TALKER, admin: false, url: '', mic: true, camera: true, front: 'front',
    muted: { audio: false, video: false },
    players: [], people: [], hands: [], raised: false, watching: 0, showPeople: false, banner: '', lost: false, tile: 1, mix: '', speaks: '',
  },

  onLoad(query) {
    const t = texts()
    const name = decodeURIComponent(query.name || '') || wx.getStorageSync('name')
    wx.setNavigationBarTitle({ title: t.conferenceDemo })
    wx.setKeepScreenOn({ keepScreenOn: true })
    const roomName = decodeURIComponent(query.join || query.room || '')
    // Whoever opens an invitation may never have seen the first page, so the name is asked for here as well.
    this.setData({ t, name, roomName, password: decodeURIComponent(query.key || ''), invited: Boolean(query.join) })
    this.volumes = {}
    this.native = native({
      restartPusher: () => this.data.url && this.restart(wx.createLivePusherContext()),
      restartPlayer: (id) => this.plays(id) && this.restart(wx.createLivePlayerContext(id)),
      lost: (lost) => this.setData({ lost }),
    })
    this.follow()
  },

  onShow() {
    if (this.data.url) this.native.shown()
  },

  onUnload() {
    this.setData({ state: 'left' })
    this.pushing = null
    this.native.end()
    mgr.exitConference()
    mgr.onConferenceExit = () => undefined
    wx.setKeepScreenOn({ keepScreenOn: false })
  },

  /** What the SDK tells. The names are assigned once, and looked up whenever something happens. */
  follow() {
    const says = (name, run) => {
      mgr[name] = (...args) => {
        log(`${name} ${args[0] && args[0].userName ? args[0].userName : ''}`)
        run(...args)
      }
    }
    says('onMemberJoined', (member) => this.joined(member))
    says('onMemberExited', (member) => this.gone(member))
    says('onMemberRoleChanged', (member, role) => this.person(member.id, { role }))
    says('onRoleChanged', (role) => this.decided(role))
    says('onStreamAdded', (stream) => this.play(stream))
    says('onStreamRemoved', (stream) => this.change({ players: this.data.players.filter(({ id }) => id !== stream.id) }))
    says('onMediaChanaged', (stream, { voff, aoff }) => {
      this.change({ players: this.data.players.map((one) => (one.id === stream.id ? Object.assign({}, one, { voff, aoff }) : one)) })
    })
    says('onHandRaised', (member, up) => {
      const hands = this.data.hands.filter(({ id }) => id !== member.id)
      this.setData({ hands: up ? hands.concat({ id: member.id, user: member.userName, nick: member.nickName }) : hands })
    })
    says('onHandDeclined', () => {
      this.setData({ raised: false })
      wx.showToast({ title: this.data.t.handDeclined, icon: 'none' })
    })
    says('onMuted', (muted) => this.setData({ muted, banner: this.mutedWords(muted) }))
    says('onAudienceChanged', (watching) => this.setData({ watching }))
    says('onReconnect', () => this.rebuild())
    says('onPushRefused', ({ message }) => wx.showToast({ title: message, icon: 'none' }))
    says('onConferenceExit', (reason, failed) => this.over(reason, failed))
  },

  typed(event) {
    this.setData({ [event.currentTarget.dataset.field]: event.detail.value.trim() })
  },

  watches(event) {
    this.setData({ watch: event.detail.value })
  },

  choosesType(event) {
    this.setData({ type: Number(event.detail.value) })
  },

  enter() {
    const { name, roomName, password, watch, type, t, state } = this.data
    if (state !== 'door') return
    if (!name || !roomName) {
      wx.showToast({ title: name ? t.needRoomName : t.needName, icon: 'none' })
      return
    }
    wx.setStorageSync('name', name)
    this.setData({ state: 'entering', banner: t.connecting })
    credentials(name).then(({ sdkAppID, userID, userSig }) => {
      // The SDK looks here for the user. Who uses the vendor's messaging has this already.
      wx.WebIM = { conn: { context: { accessToken: userSig, jid: { appKey: `huitong#${sdkAppID}`, name: userID, domain: 'easemob.com' } } } }
      return mgr.joinRoom({ roomName, password, role: watch ? AUDIENCE : TALKER, config: { nickName: name, confrType: TYPES[type] } })
    }).then((joined) => {
      if (this.data.state === 'left') return
      if (!joined || joined.error) {
        this.setData({ state: 'door', banner: this.refusal(joined && joined.reason) })
        return
      }
      this.large = joined.type === mgr.ConfrType.COMMUNICATION_MIX
      this.setData({ confrId: joined.confrId, state: 'inside', banner: '' })
      if (joined.isCreator) wx.showToast({ title: t.youMadeIt, icon: 'none' })
      this.hearMix()
    }).catch(({ message }) => this.setData({ state: 'door', banner: message }))
  },

  /** Why one is not let in, and what to do. */
  refusal(reason) {
    const { t, password } = this.data
    const { code, message } = reason || {}
    if (code === 'wrong-password' && !password) return t.needPassword
    return t.refusals[code] || `${t.failed}${message || t.unreachable}`
  },

  joined(member) {
    if (member.isSelf) {
      this.roleIs(member.role)
      this.setData({ state: 'inside', banner: '' })
      this.hearMix()
    } else {
      const { id, userName, nickName, role } = member
      this.change({ people: this.data.people.filter((one) => one.id !== id).concat({ id, user: userName, nick: nickName, role }) })
    }
  },

  gone({ id }) {
    const { people, hands } = this.data
    this.change({ people: people.filter((one) => one.id !== id), hands: hands.filter((one) => one.id !== id) })
  },

  /** An admin has decided about one's own role. */
  decided(role) {
    const { t } = this.data
    this.roleIs(role)
    const words = role === ADMIN ? t.youAdmin : role === AUDIENCE ? t.youAudience : this.unasked ? t.youTalkerSilent : t.youTalker
    wx.showToast({ title: words, icon: 'none', duration: 3000 })
  },

  /** One's own role, at an entry or by a decision; after a comeback it is told by both. */
  roleIs(role) {
    const { state, raised, role: before } = this.data
    // Nobody is to be seen or heard who did not ask for it.
    if (role !== before) this.unasked = state === 'inside' && before === AUDIENCE && !raised
    if (role !== before && this.unasked) {
      this.cameraWaits = false
      this.setData({ mic: false, camera: false })
      mgr.setMedia({ audio: false, video: false })
    }
    this.setData({ role, admin: role === ADMIN, raised: false, hands: role === ADMIN ? this.data.hands : [] })
    if (role === AUDIENCE) {
      this.stopPush()
    } else if (!this.pushing) {
      this.push()
    }
  },

  /** A new entry may come with a new role, and both with a reason to push: once is enough. */
  push() {
    const pushing = {}
    this.pushing = pushing
    mgr.pubStream(emedia.util.getRtcId()).then(({ data, voff }) => {
      // It may have been decided otherwise meanwhile.
      if (this.pushing !== pushing) return
      const { camera } = this.data
      this.cameraWaits = camera && !voff
      this.setData({ url: data.rtmp, camera: false }, () => {
        wx.createLivePusherContext().start()
        setTimeout(() => this.pushing === pushing && this.openCamera(), CAMERA_LATER_MS)
      })
      if (voff && camera) wx.showToast({ title: this.data.t.noCameraPlace, icon: 'none' })
    }).catch(({ message }) => {
      if (this.pushing !== pushing) return
      this.pushing = null
      wx.showToast({ title: message, icon: 'none' })
    })
  },

  /** The network was gone for so long that the tags have given up. Everything is told anew, one's own entry first. */
  rebuild() {
    this.stopPush()
    this.change({ people: [], players: [], hands: [] })
  },

  /** The camera is on as it was before the push, which may begin or be over. */
  openCamera() {
    if (this.cameraWaits) this.setData({ camera: true })
    this.cameraWaits = false
  },

  stopPush() {
    this.pushing = null
    this.openCamera()
    if (this.data.url) wx.createLivePusherContext().stop()
    this.change({ url: '', muted: { audio: false, video: false }, banner: '', lost: false })
  },

  play(stream) {
    mgr.subStream(stream.id).then(({ data }) => {
      const { id, owner, voff, aoff, type } = stream
      const player = { id, src: data.rtmp, user: owner.userName, nick: owner.nickName, face: initial(owner.nickName), voff, aoff, screen: type === 1 }
      this.change({ players: this.data.players.filter((one) => one.id !== id).concat(player) })
    }).catch(({ message }) => log(message))
  },

  /** A large conference is heard as one sound, so that all who talk are heard and not only those who have a tile. */
  hearMix() {
    if (!this.large) return
    mgr.subMix().then(({ data }) => this.setData({ mix: data.rtmp })).catch(({ message }) => log(message))
  },

  person(id, changes) {
    this.change({ people: this.data.people.map((one) => (one.id === id ? Object.assign({}, one, changes) : one)) })
  },

  change(changes) {
    const { players } = Object.assign({}, this.data, changes)
    const shown = Math.min(players.length, MOST_PLAYERS) + 1
    this.setData(Object.assign({ tile: [1, 2, 4, 6, 9].find((tiles) => shown <= tiles) || 9 }, changes))
  },

  /** What the native tags tell: they give up after some attempts, and the page starts them again. */
  pusherState(event) {
    this.native.pusher(event.detail.code, this.data.t)
  },
  pusherError(event) {
    this.native.pusher(event.detail.errCode, this.data.t)
  },
  pusherStatus() {
    this.native.sign()
  },
  playerState(event) {
    this.native.player(event.currentTarget.id, event.detail.code)
  },
  plays(id) {
    return (id === 'mix' && this.data.mix !== '') || this.data.players.some((one) => one.id === id)
  },
  restart(context) {
    context.stop()
    if (context.start) context.start()
    else context.play()
  },

  /** The frame of a tile is lit while its voice is the loudest. */
  volume(event) {
    this.volumes[event.currentTarget.dataset.id] = event.detail.volume
    const ids = ['me'].concat(this.data.players.map(({ id }) => id))
    const loudest = ids.sort((a, b) => (this.volumes[b] || 0) - (this.volumes[a] || 0))[0]
    const speaks = this.volumes[loudest] > SPEAKING ? loudest : ''
    if (speaks !== this.data.speaks) this.setData({ speaks })
  },

  toggleMic() {
    this.switchTo({ mic: !this.data.mic })
  },
  toggleCamera() {
    this.cameraWaits = false
    this.switchTo({ camera: !this.data.camera })
  },
  /** The tag does it, and the others are told. */
  switchTo(what) {
    this.setData(what)
    const { mic, camera } = this.data
    mgr.setMedia({ audio: mic, video: camera || Boolean(this.cameraWaits) }).then(({ voff }) => {
      if (camera && voff) {
        this.setData({ camera: false })
        wx.showToast({ title: this.data.t.noCameraPlace, icon: 'none' })
      }
    }).catch(({ message }) => wx.showToast({ title: message, icon: 'none' }))
  },
  flip() {
    wx.createLivePusherContext().switchCamera()
    this.setData({ front: this.data.front === 'front' ? 'back' : 'front' })
  },
  togglePeople() {
    this.setData({ showPeople: !this.data.showPeople })
  },

  mutedWords({ audio, video }) {
    const { t } = this.data
    return audio && video ? t.mutedBoth : audio ? t.mutedSound : video ? t.mutedPicture : ''
  },

  raise() {
    const raised = !this.data.raised
    mgr.raiseHand(raised).then(() => this.setData({ raised: raised && this.data.role === AUDIENCE }), ({ message }) => wx.showToast({ title: message, icon: 'none' }))
  },

  allow(event) {
    this.decide(mgr.grantRole(this.data.confrId, [event.currentTarget.dataset.user], TALKER))
  },
  decline(event) {
    this.decide(mgr.declineHand(this.data.confrId, event.currentTarget.dataset.user))
  },

  /** What an admin may do with a member, by its role. */
  choose(event) {
    const { user } = event.currentTarget.dataset
    const { t, confrId, admin, people } = this.data
    const person = people.find((one) => one.user === user)
    if (!admin || !person) return
    const grant = (role, words) => (person.role === role ? [] : [[words, () => mgr.grantRole(confrId, [user], role)]])
    const mute = (words, what) => (person.role === AUDIENCE ? [] : [[words, () => mgr.muteMembers(confrId, [user], what)]])
    const acts = [].concat(
      mute(t.muteMember, { audio: true }), mute(t.unmuteMember, { audio: false, video: false }),
      grant(TALKER, t.makeTalker), grant(AUDIENCE, t.makeAudience), grant(ADMIN, t.makeAdmin),
      [[t.kick, () => mgr.kickMembersById(confrId, [user])]],
    )
    wx.showActionSheet({ alertText: person.nick, itemList: acts.map(([words]) => words), success: ({ tapIndex }) => this.decide(acts[tapIndex][1]()) })
  },

  decide(asked) {
    const { t } = this.data
    asked.catch(({ code, message }) => wx.showToast({ title: t.refusals[code] || message, icon: 'none', duration: 3000 }))
  },

  hangUp() {
    this.stopPush()
    mgr.exitConference(this.data.confrId)
  },

  endForAll() {
    const { t, confrId } = this.data
    const success = ({ confirm }) => confirm && this.decide(mgr.destroyConference(confrId))
    wx.showModal({ title: t.endForAll, content: t.endForAllSure, confirmText: t.end, cancelText: t.stay, success })
  },

  over(reason, failed) {
    const { t, state } = this.data
    if (state === 'left') return
    this.stopPush()
    this.native.end()
    this.large = false
    this.unasked = false
    this.setData({
      state: 'door', invited: false, confrId: '', people: [], players: [], hands: [], watching: 0, mix: '', showPeople: false, mic: true, camera: true,
      banner: t.failures[failed] || t.exits[reason] || '',
    })
  },

  /** Whoever opens the card comes with the password in it. */
  onShareAppMessage() {
    const { roomName, password, t } = this.data
    const path = `/pages/conference/conference?join=${encodeURIComponent(roomName)}&key=${encodeURIComponent(password)}`
    return { title: `${t.inviteTo}${roomName}`, path }
  },

  /** For those who come with a browser. The password is told in another way. */
  copyLink() {
    const { roomName, password, t } = this.data
    const data = `${getApp().globalData.server}/#conference?room=${encodeURIComponent(roomName)}`
    wx.setClipboardData({ data, success: () => wx.showToast({ title: password ? t.linkCopiedSecret : t.linkCopied, icon: 'none', duration: 3000 }) })
  },
})
