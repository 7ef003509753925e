// Runs inside a page before its own scripts: the microphone hums a tone of its own, so that others can tell who it is.
(() => {
  const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await original(wish)
    for (const track of stream.getAudioTracks()) {
      const graph = (window.__hum ??= new AudioContext())
      const [tone, out] = [graph.createOscillator(), graph.createMediaStreamDestination()]
      tone.frequency.value = window.__toneHz
      tone.connect(out)
      tone.start()
      stream.removeTrack(track)
      track.stop()
      stream.addTrack(out.stream.getAudioTracks()[0])
    }
    return stream
  }
})()
