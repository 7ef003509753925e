// A server with phones around it, as most tests need it.
import { Phone } from './phone.mjs'
import { PhoneNetwork } from './proxy.mjs'
import { Server } from './server.mjs'
import { mintUserSig } from './usersig.mjs'

export const ROOM_PAGE = 'pages/room/room'

export class Meeting {
  #phones = []
  #networks = []
  #numbers = 0

  /** Starts a server; see `Server.start` for the options. */
  static async begin(options) {
    const meeting = new Meeting()
    meeting.server = await Server.start(options)
    return meeting
  }

  /** A phone that is switched on; each gets the next number. With `faulty` it has a network to play with. */
  async phone(name, { faulty = false, ...options } = {}) {
    const number = this.#numbers++
    const network = faulty ? await PhoneNetwork.to(this.server) : null
    if (network) this.#networks.push(network)
    const phone = await Phone.boot({ name, number, server: this.server, routes: network?.routes, ...options })
    phone.network = network
    phone.serverLog = () => this.server.logTail(25)
    this.#phones.push(phone)
    return phone
  }

  /** What a page is opened with to enter a room: `room` is `{roomID}` or `{strRoomID}`. */
  query(user, room, more = {}) {
    return {
      sdkAppID: this.server.app.id,
      userID: user,
      userSig: mintUserSig(this.server.app, user),
      env: 'test',
      ...room,
      ...more,
    }
  }

  /** Opens the room page on a phone and waits until it has joined. */
  async enter(phone, room, more) {
    await phone.open(ROOM_PAGE, this.query(phone.name, room, more))
    await phone.joins()
    return phone
  }

  /** Several phones, switched on and in the room. */
  async gather(room, names, options) {
    const phones = await Promise.all(names.map((name) => this.phone(name, options)))
    await Promise.all(phones.map((phone) => this.enter(phone, room)))
    return phones
  }

  /** Switches phones off without a goodbye and stops the server; resolves with its exit code. */
  async end() {
    await Promise.all(this.#phones.map((phone) => phone.kill()))
    for (const network of this.#networks) network.close()
    return this.server.stop()
  }
}

/** Waits until each of the phones sees and hears each other one. */
export async function allMeet(phones, options) {
  const pairs = phones.flatMap((a) => phones.filter((b) => b !== a).map((b) => [a, b]))
  await Promise.all(pairs.flatMap(([a, b]) => [a.sees(b, options), a.hears(b)]))
}
