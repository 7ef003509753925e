/** Which codecs are offered: phones play H.264 only, and the server does not transcode pictures. */

/** What of a codec matters here. */
export interface CodecLike {
  mimeType: string;
  sdpFmtpLine?: string;
}

const isH264 = ({ mimeType }: CodecLike): boolean => mimeType.toLowerCase() === 'video/h264';
const isRepair = ({ mimeType }: CodecLike): boolean => /\/(rtx|red|ulpfec|flexfec-03)$/i.test(mimeType);

/** Constrained baseline is 42 with the constraint bits 0x40 set (RFC 6184, section 8.1); 42001f is what encoders call so. */
const isBaseline = ({ sdpFmtpLine = '' }: CodecLike): boolean => /profile-level-id=42/i.test(sdpFmtpLine);
const isConstrained = ({ sdpFmtpLine = '' }: CodecLike): boolean => /profile-level-id=42e0/i.test(sdpFmtpLine);
const isWhole = ({ sdpFmtpLine = '' }: CodecLike): boolean => /packetization-mode=1/.test(sdpFmtpLine);

const rank = (codec: CodecLike): number =>
  (isWhole(codec) ? 0 : 4) + (isConstrained(codec) ? 0 : isBaseline(codec) ? 1 : 2);

/** H.264 in the order in which it is wanted, with what repairs losses; empty if the browser has no H.264. */
export function pictureCodecs<T extends CodecLike>(all: readonly T[]): T[] {
  const h264 = all.filter(isH264).sort((a, b) => rank(a) - rank(b));
  return h264.length === 0 ? [] : [...h264, ...all.filter(isRepair)];
}

/** Opus, and what protects it. */
export function soundCodecs<T extends CodecLike>(all: readonly T[]): T[] {
  const opus = all.filter(({ mimeType }) => mimeType.toLowerCase() === 'audio/opus');
  return opus.length === 0 ? [] : [...opus, ...all.filter(({ mimeType }) => /\/(red|telephone-event)$/i.test(mimeType))];
}

/** Sets the preferences of a transceiver; says whether the browser has the codec at all. */
export function prefer(transceiver: RTCRtpTransceiver, kind: 'audio' | 'video', direction: 'send' | 'receive'): boolean {
  const side = direction === 'send' ? RTCRtpSender : RTCRtpReceiver;
  const all = side.getCapabilities?.(kind)?.codecs;
  if (!all || typeof transceiver.setCodecPreferences !== 'function') {
    return true; // An old browser, which offers everything; the server picks.
  }
  const wanted = kind === 'video' ? pictureCodecs(all) : soundCodecs(all);
  if (wanted.length > 0) {
    transceiver.setCodecPreferences(wanted);
  }
  return wanted.length > 0;
}
