// Brings <live-pusher> and <live-player> back. They try again a few times and then give up for good; some SDKs start them
// again by themselves, on the pages of the others the page does it.
const GAVE_UP = { pusher: [-1307, -3301], player: [-2301] }
const FLOWS = 1002
/** State codes of a pusher whose device the user has refused, camera first. */
const REFUSED = { camera: [10001, -1301], mic: [10002, -1302] }
/** Between two attempts, ms. */
const AGAIN_MS = 3000
/** A tag that pushes tells how every two seconds: after a return from the background it has to within this time, ms. */
const SIGN_MS = 6000

let asks = false

/** Whether the code says that the user has refused a device; then a dialogue leads to the settings. `granted` runs after them. */
function permission(code, t, granted) {
  const camera = REFUSED.camera.indexOf(code) >= 0
  const refused = camera || REFUSED.mic.indexOf(code) >= 0
  if (refused && !asks) {
    asks = true
    wx.showModal({
      title: t.permission, content: camera ? t.cameraFailed : t.micFailed, confirmText: t.openSetting, cancelText: t.notNow,
      success: ({ confirm }) => confirm && wx.openSetting({ success: granted }),
      complete: () => (asks = false),
    })
  }
  return refused
}

/** `restartPusher` and `restartPlayer(id)` stop and start a tag if it is still wanted; `lost` hears whether the push is down. */
function native({ restartPusher, restartPlayer, lost }) {
  const timers = {}
  let signs = 0
  const later = (id, run) => {
    clearTimeout(timers[id])
    timers[id] = setTimeout(run, AGAIN_MS)
  }
  return {
    pusher(code, t) {
      if (code === FLOWS) lost(false)
      if (GAVE_UP.pusher.indexOf(code) >= 0) {
        lost(true)
        later('push', restartPusher)
      }
      permission(code, t, restartPusher)
    },
    /** The tag tells how it pushes. */
    sign() {
      signs += 1
    },
    /** Back from the background, where the system may have stopped the tag without a word. */
    shown() {
      const before = signs
      if (before === 0) return
      clearTimeout(timers.sign)
      timers.sign = setTimeout(() => signs === before && restartPusher(), SIGN_MS)
    },
    player(id, code) {
      if (GAVE_UP.player.indexOf(code) >= 0) later(id, () => restartPlayer(id))
    },
    end() {
      Object.keys(timers).forEach((id) => clearTimeout(timers[id]))
      lost(false)
    },
  }
}

module.exports = { native, permission }
