/** What `selectComponent` gives for `<gme-room>`. */
export interface GmeRoom {
  readonly EVENT_TYPE: {
    readonly EVENT_ENTER_ROOM_COMPLETED: 'EVENT_ENTER_ROOM_COMPLETED';
    readonly EVENT_EXIT_ROOM_COMPLETED: 'EVENT_EXIT_ROOM_COMPLETED';
    readonly EVENT_AUDIO_VOLUME_UPDATE: 'EVENT_AUDIO_VOLUME_UPDATE';
    readonly EVENT_USER_LIST_UPDATE: 'EVENT_USER_LIST_UPDATE';
    readonly EVENT_ERROR: 'EVENT_ERROR';
  };
  readonly ERROR_TYPE: {
    readonly OK: 0;
    readonly ERROR_INVALID_PARAMETER: 1004;
    readonly ERROR_CHARGE_OVERDU: 7005;
    readonly ERROR_CHARGE_OVERDUE: 7005;
    readonly ERROR_NETWORK_ERROR: 7004;
    readonly ERROR_UNKNOWN: 65536;
  };
  /** Enters the room of the properties. Everything is told to the handler from then on. Gives a value of `ERROR_TYPE`. */
  enterRoom(eventHandler: (eventType: keyof GmeRoom['EVENT_TYPE'], params: EventParams) => void): number;
  /** Leaves; `EVENT_EXIT_ROOM_COMPLETED` follows. */
  exitRoom(): number;
  /** Opens the microphone and pushes, or closes it. Only after a completed entry. */
  enableMic(enable: Switch): number;
  /** Plays the room (as after the entry) or is silent. Only after a completed entry. */
  enableSpeaker(enable: Switch): number;
  /** Everybody else whose microphone is open. */
  getRemoteUserList(): RemoteUser[];
}

/** On or off, also as `data-` attributes give it. */
export type Switch = boolean | 0 | 1 | 'true' | 'false' | '1' | '0';

/** Properties of the tag, one by one or as fields of `config`. */
export interface GmeRoomProperties {
  appID: string | number;
  /** 1 to 127 letters, digits and underscores. */
  roomID: string;
  /** An int64 as decimal text. */
  userID: string;
  /** From the token server, as base64 or hexadecimal text, or as a list of bytes; an `ArrayBuffer` does not survive `setData`. */
  authBuffer: string | number[] | Uint8Array;
}

/** Somebody whose microphone is open. As a text it is the user id. */
export interface RemoteUser {
  userID: string;
  hasMainAudio: true;
  /** From 0 to 100. */
  volume: number;
}

/** The second argument of the handler. */
export interface EventParams {
  eventType: keyof GmeRoom['EVENT_TYPE'];
  /** A value of `ERROR_TYPE`. */
  errType: number;
  errMsg: string;
  /** A more exact code of an error. */
  code?: number;
  /** Of EVENT_ENTER_ROOM_COMPLETED. */
  roomID?: string;
  /** Of EVENT_ENTER_ROOM_COMPLETED and EVENT_AUDIO_VOLUME_UPDATE. */
  userID?: string;
  UserID?: string;
  /** Of EVENT_EXIT_ROOM_COMPLETED: `exit`, or why the server or the network ended the stay. */
  reason?: string;
  /** Of EVENT_AUDIO_VOLUME_UPDATE, 0 to 100. */
  uplinkVolume?: number;
  downlinkVolume?: number;
  volume?: number;
  /** Of EVENT_USER_LIST_UPDATE. */
  userList?: RemoteUser[];
  remoteUserList?: RemoteUser[];
}
