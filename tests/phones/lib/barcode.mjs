// A clock in the picture: 20 by 2 square cells across the top carry 40 bits, most significant first:
// 32 bits of Unix milliseconds and 8 check bits. Every frame that is decoded tells its own age.

const CELLS = 20
const TIME_BITS = 32
const MODULUS = 2 ** TIME_BITS

const check = (b0, b1, b2, b3) => (b0 + 3 * b1 + 5 * b2 + 7 * b3 + 0x5a) & 255

/**
 * A lavfi source of `width`x`height` pictures with the clock on top and a plain colour below.
 * `realtime` stands before the clock is read, else frames would be read ahead of their time.
 */
export function clockSource({ width, height, fps, colour }) {
  const m = `mod(floor(T*1000),${MODULUS})`
  const byte = (shift) => `mod(floor(ld(0)/${2 ** shift}),256)`
  const sum = `mod(${byte(24)}+3*${byte(16)}+5*${byte(8)}+7*${byte(0)}+${0x5a},256)`
  const k = `(X+${CELLS}*Y)`
  const timeBit = `mod(floor(ld(0)/pow(2,${TIME_BITS - 1}-${k})),2)`
  const checkBit = `mod(floor(${sum}/pow(2,39-${k})),2)`
  const cell = width / CELLS
  return [
    `color=c=black:s=${CELLS}x2:r=${fps}`,
    'realtime',
    'settb=1/1000000',
    'setpts=RTCTIME',
    'format=gray',
    `geq=lum='st(0,${m});255*if(lt(${k},${TIME_BITS}),${timeBit},${checkBit})'`,
    `scale=${width}:${2 * cell}:flags=neighbor`,
    'format=yuv420p',
    `pad=${width}:${height}:0:0:color=${colour}`,
    'setpts=PTS-STARTPTS',
  ].join(',')
}

/**
 * The 40 cells of a time (Unix ms), row by row, 1 for white: what a canvas draws where `clockSource` is not at hand.
 */
export function cellsOf(time) {
  const clock = time % MODULUS
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(clock / 2 ** shift) & 255)
  return [...bytes, check(...bytes)].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1))
}

/** Reads the clock from a gray strip of `width` x `width/10` pixels; null when the check bits disagree. */
export function readClock(strip, width) {
  const cell = width / CELLS
  const means = []
  for (let row = 0; row < 2; row++) {
    for (let column = 0; column < CELLS; column++) means.push(meanOfMiddle(strip, width, cell, column, row))
  }
  const threshold = (Math.min(...means) + Math.max(...means)) / 2
  const bytes = []
  for (let i = 0; i < 5; i++) {
    bytes.push(means.slice(8 * i, 8 * i + 8).reduce((value, mean) => value * 2 + (mean > threshold ? 1 : 0), 0))
  }
  const [b0, b1, b2, b3, sum] = bytes
  if (check(b0, b1, b2, b3) !== sum) return null
  return ((b0 * 256 + b1) * 256 + b2) * 256 + b3
}

function meanOfMiddle(strip, width, cell, column, row) {
  const from = Math.floor(cell / 4)
  const to = Math.ceil((cell * 3) / 4)
  let sum = 0
  for (let y = from; y < to; y++) {
    for (let x = from; x < to; x++) sum += strip[(row * cell + y) * width + column * cell + x]
  }
  return sum / (to - from) ** 2
}

/** How old a picture is whose clock reads `clock`, in ms, at the moment `now` (Unix ms). */
export function ageOf(clock, now) {
  const age = ((now % MODULUS) - clock + MODULUS) % MODULUS
  return age > MODULUS / 2 ? age - MODULUS : age
}
