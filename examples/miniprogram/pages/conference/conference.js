const emedia = require('../../huitong/emedia/emedia_for_miniProgram')
const { credentials } = require('../../utils/credentials')
const { log } = require('../../utils/log')
const { texts } = require('../../utils/texts')

const { mgr } = emedia
const { ADMIN, TALKER, AUDIENCE } = mgr.Role
/** One of nine tiles is one's own. */
const MOST_PLAYERS = 8
/** The pusher starts with the camera off: so its sound is not late. It is switched on this much later, ms. */
const CAMERA_LATER_MS = 600

Page({
  data: {
    t: texts(),
    /** door, entering, inside, left */
    state: 'door',
    roomName: '', password: '', live: false, watch: false, most: MOST_PLAYERS,
    confrId: '', name: '', role: TALKER, admin: false, url: '', mic: true, camera: true, front: 'front',
    muted: { audio: false, video: false },
    players: [], people: [], hands: [], raised: false, watching: 0, showPeople: false, banner: '', tile: 1,
  },

  onLoad(query) {
    const t = texts()
    const name = decodeURIComponent(query.name || '') || wx.getStorageSync('name')
    wx.setNavigationBarTitle({ title: t.conferenceDemo })
    wx.setKeepScreenOn({ keepScreenOn: true })
    if (!name) {
      wx.reLaunch({ url: '/pages/index/index' })
      return
    }
    const roomName = decodeURIComponent(query.join || '') || `${t.conferenceDemo} ${query.room || ''}`.trim()
    this.setData({ t, name, roomName, password: decodeURIComponent(query.key || '') })
    this.follow()
  },

  onUnload() {
    this.setData({ state: 'left' })
    mgr.exitConference()
    mgr.onConferenceExit = () => undefined
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
    says('onMemberExited', (member) => this.change({ people: this.data.people.filter(({ id }) => id !== member.id) }))
    says('onMemberRoleChanged', (member, role) => this.person(member.id, { role }))
    says('onRoleChanged', (role) => this.roleIs(role))
    says('onStreamAdded', (stream) => this.play(stream))
    says('onStreamRemoved', (stream) => this.change({ players: this.data.players.filter(({ id }) => id !== stream.id) }))
    says('onMediaChanaged', (stream, { voff, aoff }) => {
      this.change({ players: this.data.players.map((one) => (one.id === stream.id ? Object.assign({}, one, { voff, aoff }) : one)) })
    })
    says('onHandRaised', (member, up) => {
      const hands = this.data.hands.filter(({ id }) => id !== member.id)
      this.setData({ hands: up ? hands.concat({ id: member.id, user: member.userName }) : hands })
    })
    says('onHandDeclined', () => {
      this.setData({ raised: false })
      wx.showToast({ title: this.data.t.handDeclined, icon: 'none' })
    })
    says('onMuted', (muted) => this.setData({ muted, banner: muted.audio || muted.video ? this.data.t.mutedByAdmin : '' }))
    says('onAudienceChanged', (watching) => this.setData({ watching }))
    says('onReconnect', () => this.rebuild())
    says('onConferenceExit', (reason, failed) => this.over(reason, failed))
  },

  typed(event) {
    this.setData({ [event.currentTarget.dataset.field]: event.detail.value.trim() })
  },

  switched(event) {
    this.setData({ [event.currentTarget.dataset.field]: event.detail.value })
  },

  enter() {
    const { name, roomName, password, watch, live, t } = this.data
    if (!roomName) {
      wx.showToast({ title: t.needRoomName, icon: 'none' })
      return
    }
    this.setData({ state: 'entering', banner: t.connecting })
    credentials(name).then(({ sdkAppID, userID, userSig }) => {
      // The SDK looks here for the user. Who uses the vendor's messaging has this already.
      wx.WebIM = { conn: { context: { accessToken: userSig, jid: { appKey: `huitong#${sdkAppID}`, name: userID, domain: 'easemob.com' } } } }
      const confrType = live ? mgr.ConfrType.LIVE : mgr.ConfrType.COMMUNICATION
      return mgr.joinRoom({ roomName, password, role: watch ? AUDIENCE : TALKER, config: { nickName: name, confrType } })
    }).then((joined) => {
      if (!joined || joined.error) {
        const why = joined && joined.reason ? joined.reason.message : ''
        this.setData({ state: 'door', banner: `${t.failed}${why || t.unreachable}` })
        return
      }
      this.setData({ confrId: joined.confrId, state: 'inside', banner: '' })
    }).catch(({ message }) => this.setData({ state: 'door', banner: message }))
  },

  joined(member) {
    if (member.isSelf) {
      this.setData({ state: 'inside', banner: '' })
      this.roleIs(member.role)
    } else {
      const { id, userName, nickName, role } = member
      this.change({ people: this.data.people.concat({ id, user: userName, nick: nickName, role }) })
    }
  },

  roleIs(role) {
    const before = this.data.url !== ''
    this.setData({ role, admin: role === ADMIN, raised: false })
    if (role === AUDIENCE) {
      this.stopPush()
    } else if (!before) {
      this.push()
    }
  },

  push() {
    mgr.pubStream(emedia.util.getRtcId()).then(({ data, voff }) => {
      const wanted = this.data.camera && !voff
      this.setData({ url: data.rtmp, camera: false }, () => {
        wx.createLivePusherContext().start()
        setTimeout(() => this.change({ camera: wanted }), CAMERA_LATER_MS)
      })
      if (voff) wx.showToast({ title: this.data.t.noCameraPlace, icon: 'none' })
    }).catch(({ message }) => wx.showToast({ title: message, icon: 'none' }))
  },

  /** The network was gone for so long that the tags have given up. Everything is told anew, one's own entry first. */
  rebuild() {
    this.stopPush()
    this.change({ people: [], players: [], hands: [] })
  },

  stopPush() {
    if (this.data.url) wx.createLivePusherContext().stop()
    this.change({ url: '' })
  },

  play(stream) {
    mgr.subStream(stream.id).then(({ data }) => {
      const player = { id: stream.id, src: data.rtmp, user: stream.owner.userName, nick: stream.owner.nickName, voff: stream.voff, aoff: stream.aoff }
      this.change({ players: this.data.players.filter(({ id }) => id !== stream.id).concat(player) })
    }).catch(({ message }) => log(message))
  },

  person(id, changes) {
    this.change({ people: this.data.people.map((one) => (one.id === id ? Object.assign({}, one, changes) : one)) })
  },

  change(changes) {
    const { players } = Object.assign({}, this.data, changes)
    const shown = Math.min(players.length, MOST_PLAYERS) + 1
    this.setData(Object.assign({ tile: [1, 2, 4, 6, 9].find((tiles) => shown <= tiles) || 9 }, changes))
  },

  toggleMic() {
    this.switchTo({ mic: !this.data.mic })
  },
  toggleCamera() {
    this.switchTo({ camera: !this.data.camera })
  },
  /** The tag does it, and the others are told. */
  switchTo(what) {
    this.setData(what)
    const { mic, camera } = this.data
    mgr.setMedia({ audio: mic, video: camera }).then(({ voff }) => {
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

  raise() {
    const raised = !this.data.raised
    mgr.raiseHand(raised).then(() => this.setData({ raised }), ({ message }) => wx.showToast({ title: message, icon: 'none' }))
  },

  allow(event) {
    this.decide(mgr.grantRole(this.data.confrId, [event.currentTarget.dataset.user], TALKER))
  },
  decline(event) {
    this.decide(mgr.declineHand(this.data.confrId, event.currentTarget.dataset.user))
  },

  /** What an admin may do with a member. */
  choose(event) {
    const { user } = event.currentTarget.dataset
    const { t, confrId, admin } = this.data
    if (!admin) return
    const acts = [
      [t.makeAdmin, () => mgr.grantRole(confrId, [user], ADMIN)],
      [t.makeTalker, () => mgr.grantRole(confrId, [user], TALKER)],
      [t.makeAudience, () => mgr.grantRole(confrId, [user], AUDIENCE)],
      [t.muteMember, () => mgr.muteMembers(confrId, [user], { audio: true })],
      [t.unmuteMember, () => mgr.muteMembers(confrId, [user], { audio: false, video: false })],
      [t.kick, () => mgr.kickMembersById(confrId, [user])],
    ]
    wx.showActionSheet({ itemList: acts.map(([words]) => words), success: ({ tapIndex }) => this.decide(acts[tapIndex][1]()) })
  },

  decide(asked) {
    asked.catch(({ message }) => wx.showToast({ title: message, icon: 'none' }))
  },

  hangUp() {
    this.stopPush()
    mgr.exitConference(this.data.confrId)
  },

  endForAll() {
    this.decide(mgr.destroyConference(this.data.confrId))
  },

  over(reason, failed) {
    const { t, state } = this.data
    if (state === 'left') return
    this.stopPush()
    const words = failed ? `${t.exits[reason] || ''} (${failed})` : t.exits[reason]
    this.setData({ state: 'door', confrId: '', people: [], players: [], hands: [], watching: 0, banner: words || '' })
  },

  /** Whoever opens the card comes with the password in it. */
  onShareAppMessage() {
    const { roomName, password, t } = this.data
    const path = `/pages/conference/conference?join=${encodeURIComponent(roomName)}&key=${encodeURIComponent(password)}`
    return { title: `${t.inviteTo}${roomName}`, path }
  },
})
