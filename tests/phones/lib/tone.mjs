// Recognises which phone is heard: every phone hums its own frequency.

/** Rate of the PCM that is examined, Hz; twice the highest tone is enough. */
export const PCM_RATE = 8000
/** Samples in one look: 200 ms, whose bins are 5 Hz wide, far finer than the 100 Hz between two phones. */
export const WINDOW = PCM_RATE / 5

const STEP_HZ = 100
const LOWEST_HZ = 300
const HIGHEST_HZ = 2000
/** Quieter than this (of 32768) is silence: an AAC decoder leaves a few units of noise. */
const SILENCE_RMS = 200
/** A tone holds nearly all of the energy; a window on the edge between tone and silence still half of it. */
const TONE_SHARE = 0.4

/** The tone of the n-th phone, Hz. */
export const toneOf = (n) => LOWEST_HZ + STEP_HZ * n

/** The frequency that one window of samples consists of, or null for silence and noise. */
export function findTone(samples) {
  let energy = 0
  for (const s of samples) energy += s * s
  if (Math.sqrt(energy / samples.length) < SILENCE_RMS) return null
  let best = { hz: null, power: 0 }
  for (let hz = LOWEST_HZ; hz <= HIGHEST_HZ; hz += STEP_HZ) {
    const power = goertzel(samples, hz)
    if (power > best.power) best = { hz, power }
  }
  return (2 * best.power) / (samples.length * energy) > TONE_SHARE ? best.hz : null
}

function goertzel(samples, hz) {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / PCM_RATE)
  let s1 = 0
  let s2 = 0
  for (const sample of samples) {
    const s0 = sample + coefficient * s1 - s2
    s2 = s1
    s1 = s0
  }
  return s1 * s1 + s2 * s2 - coefficient * s1 * s2
}
