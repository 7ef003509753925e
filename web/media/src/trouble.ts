/** What can go wrong with devices and connections, as values that a page can put into sentences. */

/** One kind of trouble; a page has one sentence for each. */
export type TroubleKind =
  /** The page did not come over https (or from this machine), so that browsers give it no devices. */
  | 'insecure-page'
  /** The browser lacks what is needed. */
  | 'unsupported'
  | 'camera-denied'
  | 'microphone-denied'
  | 'screen-denied'
  | 'no-camera'
  | 'no-microphone'
  | 'camera-busy'
  | 'microphone-busy'
  /** The device failed in a way that browsers do not explain. */
  | 'capture-failed'
  /** The server answers nothing over HTTP. */
  | 'unreachable'
  /** The server refused; `detail` is its sentence. */
  | 'refused'
  /** HTTP works, but no media came through within the time. */
  | 'no-route'
  /** Media came and then stopped for good. */
  | 'lost'
  /** The stream ended, or is not there. */
  | 'ended'
  /** The browser cannot decode it. */
  | 'undecodable'
  /** The picture comes, but not the sound that belongs to it. */
  | 'no-sound'
  /** Background music that cannot be loaded or played. */
  | 'music-failed'
  /** A picture that cannot be loaded. */
  | 'picture-failed';

/** Error codes of the native components (mini-program-sdks 6.3); 0 where they have none. */
const NATIVE: Partial<Record<TroubleKind, number>> = {
  'camera-denied': 10001,
  'microphone-denied': 10002,
  'insecure-page': -1301,
  'no-camera': -1301,
  'camera-busy': -1301,
  'no-microphone': -1302,
  'microphone-busy': -1302,
  'screen-denied': -1308,
  'music-failed': 10003,
  'picture-failed': 10004,
};

/** A failure with its kind. */
export class Trouble extends Error {
  /** The code that the native component would tell; 0 if there is none. */
  readonly code: number;

  constructor(
    readonly kind: TroubleKind,
    /** What the browser or the server said about it, for the log. */
    readonly detail = '',
    /** The status of an HTTP answer; 0 where there was none. */
    readonly status = 0,
  ) {
    super(detail === '' ? kind : `${kind}: ${detail}`);
    this.name = 'Trouble';
    this.code = NATIVE[kind] ?? 0;
  }
}

/** Whatever was thrown, as trouble. */
export function asTrouble(error: unknown, otherwise: TroubleKind): Trouble {
  return error instanceof Trouble ? error : new Trouble(otherwise, String(error));
}
