// Mints authBuffers as a tenant's back-end does, from the vendor's description: a body in big-endian order under TEA of 16
// rounds, each block XORed with the one before.
import { createHash, randomBytes } from 'node:crypto'

const DELTA = 0x9e3779b9
const ROUNDS = 16
const BLOCK = 8
const TAIL = 7
const SALT = 2

/** A secret of 16 characters is the key; of a longer one the MD5 is. */
const keyOf = (secret) => (secret.length === 16 ? Buffer.from(secret) : createHash('md5').update(secret).digest())

const u32 = (value) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const text = (value) => Buffer.concat([Buffer.from([value.length >> 8, value.length & 255]), Buffer.from(value)])

function encrypt(block, key) {
  const k = [0, 4, 8, 12].map((at) => key.readUInt32BE(at))
  let [y, z, sum] = [block.readUInt32BE(0), block.readUInt32BE(4), 0]
  for (let round = 0; round < ROUNDS; round++) {
    sum = (sum + DELTA) >>> 0
    y = (y + ((((z << 4) + k[0]) >>> 0) ^ ((z + sum) >>> 0) ^ (((z >>> 5) + k[1]) >>> 0))) >>> 0
    z = (z + ((((y << 4) + k[2]) >>> 0) ^ ((y + sum) >>> 0) ^ (((y >>> 5) + k[3]) >>> 0))) >>> 0
  }
  return Buffer.concat([u32(y), u32(z)])
}

/** An authBuffer for `user` in `room` of `app` = `{id, secret}`, as base64; `expires` is in Unix seconds. */
export function mintAuthBuffer(app, user, room, { expires = Math.floor(Date.now() / 1000) + 300 } = {}) {
  const body = Buffer.concat([
    Buffer.from([1]), text(String(user)), u32(app.id), u32(0), u32(expires), u32(0xffffffff), u32(0), text(room),
  ])
  const padding = (BLOCK - ((1 + SALT + body.length + TAIL) % BLOCK)) % BLOCK
  const plain = Buffer.concat([randomBytes(1 + padding + SALT), body, Buffer.alloc(TAIL)])
  plain[0] = (plain[0] & 0xf8) | padding
  const key = keyOf(app.secret)
  const sealed = []
  let before = Buffer.alloc(BLOCK)
  for (let at = 0; at < plain.length; at += BLOCK) {
    const mixed = Buffer.from(before.map((byte, n) => byte ^ plain[at + n]))
    before = encrypt(mixed, key)
    sealed.push(before)
  }
  return Buffer.concat(sealed).toString('base64')
}
