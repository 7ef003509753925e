/** Attributes of the two native tags, as the template binds them. */

/** The own microphone. A voice room never opens the camera, so nobody is asked for it. */
export const LOCAL = {
  mode: 'RTC',
  autopush: true,
  enableCamera: false,
  enableMic: true,
  enableAgc: true,
  enableAns: true,
  audioQuality: 'high',
  audioVolumeType: 'voicecall',
} as const;

/** How many voices are played with a tag each, unless the application says otherwise: more are too much for many phones. */
export const VOICES = 8;

/** So many fewer must be left before they are played singly again, or one who comes and goes would change it every time. */
export const VOICES_BACK = 2;

/** What others send. Voice goes on while the mini program shows another page or something native. */
export const REMOTE = {
  mode: 'RTC',
  autoplay: true,
  muteVideo: true,
  minCache: 0.2,
  maxCache: 0.8,
  soundMode: 'speaker',
  autoPauseIfNavigate: false,
  autoPauseIfOpenNative: false,
} as const;
