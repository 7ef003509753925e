/** Names and numbers that pages know. Pages compare with what the component carries, so the values are our own. */

/** The event codes; every value equals its key. */
export const EVENT_TYPE = {
  EVENT_ENTER_ROOM_COMPLETED: 'EVENT_ENTER_ROOM_COMPLETED',
  EVENT_EXIT_ROOM_COMPLETED: 'EVENT_EXIT_ROOM_COMPLETED',
  EVENT_AUDIO_VOLUME_UPDATE: 'EVENT_AUDIO_VOLUME_UPDATE',
  EVENT_USER_LIST_UPDATE: 'EVENT_USER_LIST_UPDATE',
  EVENT_ERROR: 'EVENT_ERROR',
} as const;

/** A value of [`EVENT_TYPE`]. */
export type EventType = keyof typeof EVENT_TYPE;

/** The results of methods and events: those of the vendor's native product for the same situations. */
export const ERROR_TYPE = {
  OK: 0,
  ERROR_INVALID_PARAMETER: 1004,
  // The vendor's spelling, and the one that people write.
  ERROR_CHARGE_OVERDU: 7005,
  ERROR_CHARGE_OVERDUE: 7005,
  ERROR_NETWORK_ERROR: 7004,
  ERROR_UNKNOWN: 65536,
} as const;

/** Detail codes of the native product, where they say more than the result. */
export const DETAIL = {
  /** The authBuffer was refused. */
  authorisation: 7006,
  /** The connection is lost. */
  network: 7004,
  /** The server has removed the user. */
  removed: 10003,
} as const;

/** Largest volume that pages are told. */
export const LOUDEST = 100;
