/** How loud something is, 0 to 100, by WebAudio. */

/** One context for the page: browsers allow few of them. */
let context: AudioContext | null = null;

/** The page's audio context; null where there is none. It sleeps until the page was touched. */
export function audioContext(): AudioContext | null {
  if (!context && typeof AudioContext === 'function') {
    context = new AudioContext();
  }
  if (context && context.state !== 'running') {
    context.resume().catch(() => undefined); // It will run after the first touch.
  }
  return context;
}

/** Quieter than this is silence, dBFS; full scale is 100. */
const FLOOR_DB = -60;

/** The loudness of samples between -1 and 1 on the native scale. */
export function loudness(samples: ArrayLike<number>): number {
  let energy = 0;
  for (let at = 0; at < samples.length; at++) {
    energy += (samples[at] ?? 0) ** 2;
  }
  if (energy === 0) {
    return 0;
  }
  const db = 10 * Math.log10(energy / samples.length);
  return Math.round(100 * Math.min(1, Math.max(0, 1 - db / FLOOR_DB)));
}

const SAMPLES = 1024;

/** Measures what goes through a node of the audio graph. */
export class Meter {
  private readonly analyser: AnalyserNode;
  private readonly samples = new Float32Array(SAMPLES);

  constructor(
    graph: AudioContext,
    private readonly source: AudioNode,
  ) {
    this.analyser = graph.createAnalyser();
    this.analyser.fftSize = SAMPLES;
    source.connect(this.analyser);
  }

  /** A meter of a stream with sound; null when there is nothing to measure. */
  static ofStream(stream: MediaStream): Meter | null {
    const graph = audioContext();
    return graph && stream.getAudioTracks().length > 0 ? new Meter(graph, graph.createMediaStreamSource(stream)) : null;
  }

  /** A meter of what an element plays from buffers. From then on its sound goes through the graph. */
  static ofElement(element: HTMLMediaElement): Meter | null {
    const graph = audioContext();
    // In a sleeping graph the element would fall silent; it is asked again later.
    if (!graph || graph.state !== 'running') {
      return null;
    }
    const source = graph.createMediaElementSource(element);
    source.connect(graph.destination);
    return new Meter(graph, source);
  }

  /** The loudness now, 0 to 100. */
  get volume(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    return loudness(this.samples);
  }

  stop(): void {
    this.source.disconnect(this.analyser);
  }
}
