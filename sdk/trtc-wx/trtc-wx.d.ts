/** Types of the class; see README.md beside it. */

declare namespace TRTC {
  /** Attributes of `<live-pusher>`; any key is allowed. */
  interface PusherAttributes {
    url?: string | null;
    mode?: string;
    autopush?: boolean;
    enableCamera?: boolean;
    enableMic?: boolean;
    frontCamera?: 'front' | 'back';
    minBitrate?: number;
    maxBitrate?: number;
    videoWidth?: number;
    videoHeight?: number;
    netStatus?: Record<string, number>;
    volume?: number;
    [key: string]: any;
  }

  /** Attributes of one `<live-player>`; any key is allowed. */
  interface PlayerAttributes {
    /** `userID_streamType`; the tag must have this id. */
    id: string;
    streamID: string;
    userID: string;
    streamType: 'main' | 'aux' | 'small';
    src: string;
    muteAudio: boolean;
    muteVideo: boolean;
    hasAudio: boolean;
    hasVideo: boolean;
    volume: number;
    netStatus: Record<string, number>;
    [key: string]: any;
  }

  interface EnterRoomParams extends PusherAttributes {
    sdkAppID: string | number;
    userID: string;
    userSig: string;
    roomID?: number | string;
    strRoomID?: string;
    scene?: 'rtc' | 'live' | string;
    role?: 'anchor' | 'audience' | string;
    privateMapKey?: string;
    userDefineRecordId?: string;
  }

  interface UserItem {
    userID: string;
    hasMainVideo?: boolean;
    hasMainAudio?: boolean;
    hasAuxVideo?: boolean;
  }

  /** The one argument of a handler. */
  interface Event {
    eventCode: string;
    data: any;
  }

  interface NativeOptions {
    success?: (result: any) => void;
    fail?: (error: any) => void;
    complete?: (result: any) => void;
    [key: string]: any;
  }

  interface PusherInstance {
    pusherAttributes: PusherAttributes;
    setPusherAttributes(attributes: PusherAttributes): PusherAttributes;
    start(options?: NativeOptions): void;
    stop(options?: NativeOptions): void;
    pause(options?: NativeOptions): void;
    resume(options?: NativeOptions): void;
    switchCamera(options?: NativeOptions | 'front' | 'back'): PusherAttributes;
    sendMessage(options?: NativeOptions): void;
    snapshot(): Promise<any>;
    toggleTorch(options?: NativeOptions): void;
    startDumpAudio(options?: NativeOptions): void;
    stopDumpAudio(options?: NativeOptions): void;
    playBGM(options: NativeOptions): void;
    pauseBGM(options?: NativeOptions): void;
    resumeBGM(options?: NativeOptions): void;
    stopBGM(options?: NativeOptions): void;
    setBGMVolume(volume: number | NativeOptions): void;
    setMICVolume(volume: number | NativeOptions): void;
    startPreview(options?: NativeOptions): void;
    stopPreview(options?: NativeOptions): void;
    reset(): PusherAttributes;
  }

  interface PlayerInstance {
    playerAttributes: PlayerAttributes;
    play(options?: NativeOptions): void;
    stop(options?: NativeOptions): void;
    pause(options?: NativeOptions): void;
    resume(options?: NativeOptions): void;
    mute(options?: NativeOptions): void;
    snapshot(): Promise<any>;
    requestFullScreen(params: { direction: 0 | 90 | -90 }): Promise<any>;
    requestExitFullScreen(): Promise<any>;
    setPlayerAttributes(attributes: Partial<PlayerAttributes>): void;
    getPlayerContext(): any;
    reset(): void;
  }

  interface Options {
    /** `test` silences the console. */
    env?: string;
    TUIScene?: string;
    /** `auto`: streams are received until they are muted. */
    subscribe?: 'auto';
  }
}

declare class TRTC {
  constructor(context?: any, options?: TRTC.Options | 'test');
  readonly EVENT: Record<string, string>;
  pusherInstance: TRTC.PusherInstance | null;
  on(code: string, handler: (event: TRTC.Event) => void, context?: any): void;
  off(code: string, handler?: (event: TRTC.Event) => void): void;
  createPusher(attributes?: TRTC.PusherAttributes): TRTC.PusherInstance;
  getPusherInstance(): TRTC.PusherInstance;
  getPusherAttributes(): TRTC.PusherAttributes;
  setPusherAttributes(attributes: TRTC.PusherAttributes): TRTC.PusherAttributes;
  enterRoom(params: TRTC.EnterRoomParams): TRTC.PusherAttributes;
  exitRoom(): { pusher: TRTC.PusherAttributes; playerList: TRTC.PlayerAttributes[] };
  getPlayerList(): TRTC.PlayerAttributes[];
  setPlayerAttributes(id: string, attributes: Partial<TRTC.PlayerAttributes>): TRTC.PlayerAttributes[];
  setPlayerAttributes(attributes: Partial<TRTC.PlayerAttributes>): TRTC.PlayerAttributes[];
  getPlayerInstance(id?: string): TRTC.PlayerInstance | null;
  switchStreamType(id: string): TRTC.PlayerAttributes[];
  /** Asks for the voices of all others as one sound, or for it no more; `REMOTE_MIX_UPDATE` tells its address, `data.src`. */
  subMix(on?: boolean): void;
  setLogLevel(level: number): void;
  initLog(params?: any): void;
  pusherEventHandler(event: any): void;
  pusherNetStatusHandler(event: any): void;
  pusherErrorHandler(event: any): void;
  pusherBGMStartHandler(event?: any): void;
  pusherBGMProgressHandler(event: any): void;
  pusherBGMCompleteHandler(event?: any): void;
  pusherAudioVolumeNotify(event: any): void;
  playerEventHandler(event: any): void;
  playerFullscreenChange(event?: any): void;
  playerNetStatus(event: any): void;
  playerAudioVolumeNotify(event: any): void;
}

export = TRTC;
