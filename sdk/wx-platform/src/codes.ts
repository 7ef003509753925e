/** Numbers that the native tags use. */

/** State codes of `<live-pusher>`. */
export const PUSH = {
  /** Connected to the server. */
  connected: 1001,
  /** Handshake done, the push begins. */
  begin: 1002,
  /** Only with room addresses: entered, left, users and their streams. */
  entered: 1018,
  left: 1019,
  userIn: 1031,
  userOut: 1032,
  video: 1033,
  audio: 1034,
  /** Gave up after its own retries. */
  disconnected: -1307,
} as const;

/** State codes of `<live-pusher>` that pages are told as errors. */
export const PUSH_ERRORS: readonly number[] = [-1301, -1302, -1303, -1304, -1307, -100018, -3301];

/** State codes of `<live-pusher>` that are only worth a line for developers. */
export const PUSH_NOTES: readonly number[] = [
  0, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1021, 2003, 2004, 2007, 5000, 5001,
];

/** State codes of `<live-player>`. */
export const PLAY = {
  /** The first key frame arrived. */
  firstFrame: 2003,
  /** Playing. */
  playing: 2004,
  /** Gave up after its own retries. */
  gaveUp: -2301,
  /** Warnings of room players, first and last. */
  warningsFrom: 6002,
  warningsTo: 6005,
} as const;
