/** The attributes of the two native tags, as pages bind them. */

/** Attributes of `<live-pusher>`; pages may add any key. */
export type PusherAttributes = Record<string, any>;
/** Attributes of one `<live-player>`; pages may add any key. */
export type PlayerAttributes = Record<string, any>;

/** A pusher before the page has set anything. */
export function pusherDefaults(): PusherAttributes {
  return {
    url: '',
    mode: 'RTC',
    autopush: false,
    enableCamera: false,
    enableMic: false,
    enableAgc: false,
    enableAns: false,
    enableEarMonitor: false,
    enableAutoFocus: true,
    enableZoom: false,
    minBitrate: 600,
    maxBitrate: 900,
    videoWidth: 360,
    videoHeight: 640,
    beautyLevel: 0,
    whitenessLevel: 0,
    videoOrientation: 'vertical',
    videoAspect: '9:16',
    frontCamera: 'front',
    enableRemoteMirror: false,
    localMirror: 'auto',
    enableBackgroundMute: false,
    audioQuality: 'high',
    audioVolumeType: 'voicecall',
    audioReverbType: 0,
    waitingImage: '',
    waitingImageHash: '',
    beautyStyle: 'smooth',
    filter: '',
    netStatus: {},
  };
}

/** A player before anything is known of its stream; `muted` is whether the page has to ask for media. */
export function playerDefaults(muted: boolean): PlayerAttributes {
  return {
    src: '',
    mode: 'RTC',
    autoplay: true,
    muteAudio: muted,
    muteVideo: muted,
    orientation: 'vertical',
    objectFit: 'fillCrop',
    enableBackgroundMute: false,
    minCache: 1,
    maxCache: 2,
    soundMode: 'speaker',
    enableRecvMessage: false,
    autoPauseIfNavigate: true,
    autoPauseIfOpenNative: true,
    isVisible: true,
    _definitionType: 'main',
    netStatus: {},
    playerContext: undefined,
    userID: '',
    streamType: '',
    streamID: '',
    id: '',
    hasVideo: false,
    hasAudio: false,
    volume: 0,
  };
}

/** Keys of the pusher that a network report must not overwrite: they are settings, not measurements. */
export const PUSHER_SETTINGS: readonly string[] = ['videoWidth', 'videoHeight'];
