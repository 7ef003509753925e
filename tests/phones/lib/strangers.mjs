// Connections that mean no good, or know no better: what a port on the open Internet sees.
import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { RtmpClient } from './rtmp/client.mjs'

const HANDSHAKE_BYTES = 1536
/** How long a stranger stays that the server does not send away by itself. */
const STAY_MS = 400
/** As large as a picture may be, from somebody who has no permission to send one. */
const PICTURE_BYTES = 3 * 1024 * 1024

const handshake = () => Buffer.concat([Buffer.from([3]), Buffer.alloc(8), randomBytes(HANDSHAKE_BYTES - 8)])
/** The beginning of a video message on chunk stream 3 that declares so many bytes; 16 MiB is the most that fits. */
const messageOf = (bytes) => Buffer.from([3, 0, 0, 0, (bytes >> 16) & 0xff, (bytes >> 8) & 0xff, bytes & 0xff, 9, 1, 0, 0, 0])
/** A picture in one chunk, whose last byte never comes. */
const hugeChunks = () => [Buffer.from([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]), messageOf(PICTURE_BYTES), Buffer.alloc(PICTURE_BYTES - 1)]
const request = (path, more = '') => `GET ${path} HTTP/1.1\r\nHost: stranger\r\n${more}\r\n`
const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n`
const key = () => randomBytes(18).toString('base64url')

/** What each kind sends, piece by piece; a piece is written when the one before has left. */
const KINDS = {
  rtmpGarbage: ['rtmp', () => [randomBytes(4096)]],
  rtmpHalfHandshake: ['rtmp', () => [handshake().subarray(0, 700)]],
  rtmpWrongVersion: ['rtmp', () => [Buffer.from([9]), randomBytes(HANDSHAKE_BYTES)]],
  rtmpGiantLength: ['rtmp', () => [handshake(), randomBytes(HANDSHAKE_BYTES), messageOf(0xffffff), randomBytes(4096)]],
  rtmpPictureUnasked: ['rtmp', () => [handshake(), randomBytes(HANDSHAKE_BYTES), ...hugeChunks()]],
  rtmpSlowWriter: ['rtmp', () => [...handshake().subarray(0, 12)].map((byte) => Buffer.from([byte]))],
  rtmpSilent: ['rtmp', () => []],
  httpGarbage: ['http', () => [randomBytes(2048)]],
  httpHalfRequest: ['http', () => [request('/v1/rooms').slice(0, 20)]],
  httpGiantHead: ['http', () => [request('/', `X-Long: ${'x'.repeat(256 * 1024)}\r\n`)]],
  httpGiantBody: ['http', () => ['POST /v1/rooms/1/urls HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n', '{']],
  flvUnknownKey: ['http', () => [request(`/flv/${key()}.flv`)]],
  wsFlvUnknownKey: ['http', () => [request(`/flv/${key()}.flv`, upgrade)]],
  wsGarbage: ['http', () => [request('/v1/signal', upgrade), randomBytes(512)]],
  wsGiantFrame: ['http', () => [request('/v1/signal', upgrade), Buffer.from([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4])]],
  wsNoLogin: ['http', () => [request('/v1/signal', upgrade)]],
}

/** One connection from its beginning to its end; tells nothing, because every end is right. */
function stranger(port, pieces) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    const timer = setTimeout(() => socket.destroy(), STAY_MS)
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve()
    })
    // What the server says is read and thrown away.
    socket.resume()
    socket.on('connect', async () => {
      for (const piece of pieces) {
        if (socket.destroyed) return
        await new Promise((next) => socket.write(piece, next))
      }
    })
  })
}

/** A publisher or player that speaks RTMP well and has a key that nobody registered. */
async function unknownKey(port, verb) {
  const socket = net.connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const client = new RtmpClient(socket, `rtmp://127.0.0.1:${port}/live/${key()}`)
  client.on('error', () => {})
  const timer = setTimeout(() => socket.destroy(), STAY_MS)
  const closed = new Promise((resolve) => socket.on('close', resolve))
  const refused = client.open().then(() => client[verb]())
  await Promise.allSettled([refused])
  socket.destroy()
  clearTimeout(timer)
  await closed
}

/** Names of all kinds. */
export const kinds = [...Object.keys(KINDS), 'rtmpUnknownPublish', 'rtmpUnknownPlay']

/** Lets `count` strangers of all kinds come, `together` at a time. Resolves when the last one is gone. */
export async function strangersCome(server, { count, together, onProgress = () => {} }) {
  let begun = 0
  const one = async () => {
    while (begun < count) {
      const kind = kinds[begun++ % kinds.length]
      if (kind === 'rtmpUnknownPublish') await unknownKey(server.rtmpPort, 'publish')
      else if (kind === 'rtmpUnknownPlay') await unknownKey(server.rtmpPort, 'play')
      else {
        const [where, pieces] = KINDS[kind]
        await stranger(where === 'rtmp' ? server.rtmpPort : server.httpPort, pieces())
      }
      onProgress(begun)
    }
  }
  await Promise.all(Array.from({ length: together }, one))
}
