// State codes of `<live-pusher>` and `<live-player>` that the simulated components emit.

export const PUSH = {
  CONNECTED: 1001,
  BEGIN: 1002,
  CAMERA_OPEN: 1003,
  FIRST_FRAME: 1007,
  ENCODER_STARTED: 1008,
  UPLINK_POOR: 1101,
  RECONNECTING: 1102,
  CONNECT_FAILED: 3002,
  HANDSHAKE_FAILED: 3003,
  CLOSED_BY_SERVER: 3004,
  IO_FAILED: 3005,
  SUSPENDED: 5000,
  INTERRUPTED: 5001,
  ENCODER_FAILED: -1303,
  DISCONNECTED: -1307,
}

export const PLAY = {
  CONNECTED: 2001,
  BEGIN: 2002,
  FIRST_KEYFRAME: 2003,
  PLAYING: 2004,
  LOADING: 2007,
  RECONNECTING: 2103,
  GAVE_UP: -2301,
  CONNECT_FAILED: 3002,
  HANDSHAKE_FAILED: 3003,
}

/** How often the native components try again before they give up. */
export const NATIVE_RETRIES = 3
/** Pause before each native retry, ms; tests may shorten it. */
export const NATIVE_RETRY_MS = 3000
/** How long a native component waits for a connection or an answer, ms. */
export const NATIVE_TIMEOUT_MS = 8000
/** How long a connection may neither take nor bring a byte before it counts as broken, ms. */
export const NATIVE_STALL_MS = 5000
/** Interval of the netstatus event, ms. */
export const NETSTATUS_MS = 2000
