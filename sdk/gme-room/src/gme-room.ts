/** The component as the runtime registers it: the methods of pages and the handlers of its own template. */
import { ERROR_TYPE, EVENT_TYPE } from './common/constants.js';
import { LOCAL } from './common/settings.js';
import { VoiceRoom } from './model/room.js';
import { deviceError } from './utils/errors.js';
import { PUSH_ERRORS, print, registerComponent, wxPlatform } from './utils/huitong.js';
import type { LogLevel } from './utils/huitong.js';
import { propertiesOf } from './utils/params.js';
import type { Properties } from './utils/params.js';

/** A native event, as far as it is used here. */
interface NativeEvent {
  detail?: any;
  currentTarget?: { dataset?: Record<string, unknown> };
}

/** An instance of the component. */
interface Instance {
  voice: VoiceRoom;
  data: Properties & { config?: Properties | null };
  setData(changes: Record<string, unknown>): void;
}

function attach(instance: Instance): void {
  const platform = wxPlatform((level: LogLevel, message: string) => print(level, '[gme-room]', message));
  const host = { component: instance, setData: (changes: Record<string, unknown>) => instance.setData(changes) };
  const own: Record<string, unknown> = { EVENT_TYPE, ERROR_TYPE, voice: new VoiceRoom(host, platform) };
  Object.keys(own).forEach((key) => Object.defineProperty(instance, key, { value: own[key], configurable: true }));
}

const detailOf = (event: NativeEvent | undefined): any => event?.detail ?? {};
const userOf = (event: NativeEvent | undefined): string => String(event?.currentTarget?.dataset?.['userid'] ?? '');

const pageMethods: Record<string, (this: Instance, ...args: any[]) => unknown> = {
  enterRoom(eventHandler: unknown) {
    return this.voice.enter(eventHandler, propertiesOf(this.data));
  },
  exitRoom() {
    return this.voice.exit();
  },
  enableMic(enable: unknown) {
    return this.voice.microphone(enable);
  },
  enableSpeaker(enable: unknown) {
    return this.voice.speaker(enable);
  },
  getRemoteUserList() {
    return this.voice.remoteUsers();
  },
};

const handlers: Record<string, (this: Instance, event: NativeEvent) => void> = {
  _pusherStateChange(event) {
    const { code, message } = detailOf(event);
    if (!this.voice.pusher.state(code) && PUSH_ERRORS.indexOf(code) >= 0) {
      this.voice.fail(deviceError(code, String(message ?? '')));
    }
  },
  _pusherError(event) {
    const { errCode, errMsg } = detailOf(event);
    if (typeof errCode === 'number') {
      this.voice.fail(deviceError(errCode, String(errMsg ?? '')));
    }
  },
  _pusherStatus() {
    this.voice.pusher.status();
  },
  _pusherVolume(event) {
    this.voice.ownVolume(detailOf(event).volume);
  },
  _playerStateChange(event) {
    this.voice.players.state(userOf(event), detailOf(event).code);
  },
  _playerVolume(event) {
    this.voice.players.heard(userOf(event), detailOf(event).volume);
  },
};

/** What a property may be until the page says it: text, or for some a number. */
const ANY = { type: null, value: '' };

registerComponent({
  properties: { config: { type: Object, value: {} }, appID: ANY, roomID: ANY, userID: ANY, authBuffer: ANY },
  data: { pusher: Object.assign({}, LOCAL, { url: '' }), players: [] },
  lifetimes: {
    created(this: Instance) {
      attach(this);
    },
    detached(this: Instance) {
      this.voice.dispose();
    },
  },
  methods: Object.assign({}, pageMethods, handlers),
});
