// Runs inside every page, before its own scripts: counts pictures, finds tones, reads clocks.
(() => {
  const counters = new WeakMap()
  const sources = new WeakMap()
  const analysers = new WeakMap()

  // Sound that goes through the page's own graph is listened to there: an element gives it away once.
  const original = AudioContext.prototype.createMediaElementSource
  AudioContext.prototype.createMediaElementSource = function (element) {
    const node = original.call(this, element)
    sources.set(element, node)
    return node
  }

  const tileOf = (user, stream) =>
    document.querySelector(`.tile[data-user="${CSS.escape(user)}"][data-stream="${stream}"], .seat[data-seat="${CSS.escape(user)}"]`)
  const videoOf = (user, stream) => tileOf(user, stream)?.querySelector('live-player, live-pusher')?.video

  const count = (video) => {
    let counter = counters.get(video)
    if (!counter) {
      counter = { frames: 0 }
      counters.set(video, counter)
      const next = () => video.requestVideoFrameCallback(() => ((counter.frames += 1), next()))
      next()
    }
    return counter.frames
  }

  const analyserOf = (video) => {
    const track = video.srcObject?.getAudioTracks()[0]
    let node = sources.get(track ?? video)
    if (!node && track) {
      const graph = (window.__graph ??= new AudioContext())
      node = graph.createMediaStreamSource(new MediaStream([track]))
      sources.set(track, node)
    }
    if (node && !analysers.has(node)) {
      const analyser = node.context.createAnalyser()
      analyser.fftSize = 8192
      analyser.smoothingTimeConstant = 0
      node.connect(analyser)
      analysers.set(node, analyser)
    }
    return node && analysers.get(node)
  }

  window.look = {
    /** Pictures shown since this was first asked of the present video element. */
    frames: (user, stream) => {
      const video = videoOf(user, stream)
      return video ? count(video) : 0
    },
    /** The loudest frequency, Hz; null for silence. */
    tone: (user, stream) => {
      const video = videoOf(user, stream)
      const analyser = video && analyserOf(video)
      if (!analyser) return null
      const bins = new Float32Array(analyser.frequencyBinCount)
      analyser.getFloatFrequencyData(bins)
      const top = bins.indexOf(Math.max(...bins))
      return bins[top] > -50 ? (top * analyser.context.sampleRate) / analyser.fftSize : null
    },
    /** The strip with the clock, as gray values, and when it was taken. */
    strip: (user, stream, width) => {
      const video = videoOf(user, stream)
      if (!video?.videoWidth) return null
      const canvas = document.createElement('canvas')
      canvas.width = width
      canvas.height = width / 10
      const picture = canvas.getContext('2d')
      picture.drawImage(video, 0, 0, video.videoWidth, video.videoWidth / 10, 0, 0, width, width / 10)
      const { data } = picture.getImageData(0, 0, width, width / 10)
      return { at: Date.now(), gray: Array.from({ length: data.length / 4 }, (_, n) => data[4 * n]) }
    },
    /** What the page shows, for explanations and conditions. */
    all: () => ({
      notices: [...document.querySelectorAll('.notice, .toast span, .banner, .tile-note')].map((e) => e.textContent).filter(Boolean),
      tiles: [...document.querySelectorAll('.tile')].map((tile) => {
        const video = tile.querySelector('live-player, live-pusher').video
        const { videoWidth, videoHeight, currentTime, readyState, paused, muted } = video
        return { ...tile.dataset, videoWidth, videoHeight, currentTime, readyState, paused, muted }
      }),
      seats: [...document.querySelectorAll('.seat[data-seat]')].map((seat) => ({ ...seat.dataset })),
      people: [...document.querySelectorAll('[data-person]')].map((person) => ({ ...person.dataset })),
      present: document.querySelector('.meeting, .hall')?.dataset.present ?? null,
    }),
  }
})()
