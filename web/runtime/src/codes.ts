/** State codes of the native components that a browser can mean something by (mini-program-sdks 6.3). */

/** `statechange` of `<live-pusher>`. */
export const PUSH = {
  CONNECTED: 1001,
  PUSH_BEGIN: 1002,
  CAMERA_OPEN: 1003,
  SCREEN_CAPTURE: 1004,
  RESOLUTION: 1005,
  FIRST_FRAME: 1007,
  ENCODER_STARTED: 1008,
  UPLINK_POOR: 1101,
  RECONNECTING: 1102,
  CONNECT_FAILED: 3002,
  CLOSED_BY_SERVER: 3004,
  SUSPENDED: 5000,
  CAMERA_FAILED: -1301,
  MICROPHONE_FAILED: -1302,
  ENCODER_FAILED: -1303,
  GAVE_UP: -1307,
  SCREEN_FAILED: -1308,
} as const;

/** `statechange` of `<live-player>`. */
export const PLAY = {
  CONNECTED: 2001,
  PULL_BEGIN: 2002,
  FIRST_IDR: 2003,
  PLAYING: 2004,
  END: 2006,
  LOADING: 2007,
  RESOLUTION: 2009,
  FIRST_FRAME: 2032,
  DECODE_FAILED: 2101,
  RECONNECTING: 2103,
  UNSTABLE: 2104,
  GAVE_UP: -2301,
  CONNECT_FAILED: 3002,
} as const;

/** How often `netstatus` comes, ms. */
export const NETSTATUS_MS = 2000;
/** How often `audiovolumenotify` comes, ms: the interval that the vendor's API recommends and phones keep. */
export const VOLUME_MS = 300;
