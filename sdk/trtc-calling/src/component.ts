/** The component as the runtime registers it: the methods of pages and the handlers of its own template. */
import type { Handler, LogLevel } from '@huitong/core';
import { PUSH_ERRORS, print, wxPlatform } from '@huitong/wx-platform';
import { Caller, profileOf } from './caller.js';
import type { CallerHost } from './caller.js';
import { EVENT, errorOf } from './constants.js';
import { idlePusher } from './local.js';
import { textOf } from './message.js';
import type { Config } from './params.js';

/** State code of the native pusher: a phone call or another one took the devices. */
const INTERRUPTED = 5001;
/** State code that only the vendor's own engine sends. */
const NO_ROOM = -3301;
/** Largest volume that pages are told. */
const LOUDEST = 100;

/** A native event, as far as it is used here. */
interface NativeEvent {
  detail?: any;
  currentTarget?: { id?: string; dataset?: Record<string, any> };
}

/** An instance of the component. */
interface Instance {
  EVENT: typeof EVENT;
  caller: Caller;
  data: { config: Config; backgroundMute: boolean; ringTone: boolean; cameraPreview: boolean };
  setData(changes: Record<string, unknown>, done?: () => void): void;
}

function attach(instance: Instance): void {
  const platform = wxPlatform((level: LogLevel, message: string) => print(level, '[TRTCCalling]', message));
  const host: CallerHost = {
    component: instance,
    config: () => instance.data.config,
    ringTone: () => instance.data.ringTone,
    cameraPreview: () => instance.data.cameraPreview,
    setData: (changes, done) => instance.setData(changes, done),
  };
  const own: Record<string, unknown> = { EVENT, caller: new Caller(host, platform) };
  Object.keys(own).forEach((key) => Object.defineProperty(instance, key, { value: own[key], configurable: true }));
}

const detailOf = (event: NativeEvent | undefined): any => event?.detail ?? {};

function volume(instance: Instance, userID: string, event: NativeEvent): number {
  const value = Math.min(LOUDEST, Math.max(0, Number(detailOf(event).volume) || 0));
  instance.caller.emit(EVENT.USER_VOICE_VOLUME, { userID, volume: value });
  return value;
}

/** The methods that pages call. */
const pageMethods: Record<string, (this: Instance, ...args: any[]) => unknown> = {
  on(code: string, handler: Handler, context?: unknown) {
    if (typeof handler === 'function') {
      this.caller.emitter.on(code, handler, context);
    } else {
      print('error', '[TRTCCalling]', `on(${code}): the handler is not a function`);
    }
  },
  off(code: string, handler?: Handler) {
    this.caller.emitter.off(code, handler);
  },
  login() {
    return this.caller.login();
  },
  logout() {
    return this.caller.logout();
  },
  call({ userID, type }: { userID?: any; type?: any } = {}) {
    return this.caller.place({ invitees: userID === undefined ? [] : [userID] }, Number(type));
  },
  groupCall({ userIDList, type, groupID }: { userIDList?: any; type?: any; groupID?: any } = {}) {
    const invitees = Array.isArray(userIDList) ? userIDList.filter((user, at) => userIDList.indexOf(user) === at) : [];
    return this.caller.place({ invitees, ...(groupID ? { group: String(groupID) } : {}) }, Number(type));
  },
  accept() {
    return this.caller.accept();
  },
  reject() {
    return this.caller.reject();
  },
  hangup() {
    return this.caller.hangup();
  },
  watchUsers(userIDList: unknown) {
    return this.caller.watch(userIDList);
  },
  startRemoteView(userID: string) {
    this.caller.view(userID, true);
  },
  stopRemoteView(userID: string) {
    this.caller.view(userID, false);
  },
  openCamera() {
    this.caller.local.camera(true);
    this.caller.render();
  },
  closeCamera() {
    this.caller.local.camera(false);
    this.caller.render();
  },
  setMicMute(isMute: boolean) {
    this.caller.local.microphone(!isMute);
    this.caller.render();
  },
  switchCamera(isFrontCamera: boolean) {
    this.caller.local.turn(!!isFrontCamera);
    this.caller.render();
  },
  setHandsFree(isHandsFree: boolean) {
    this.caller.handsFree(!!isHandsFree);
  },
  extractCallingInfoFromMessage(message: unknown) {
    return textOf(message);
  },
  getTim() {
    const nothing = (): void => undefined;
    const profile = (userID: string): unknown => profileOf(userID);
    return {
      getMyProfile: () => Promise.resolve({ code: 0, data: profile(this.caller.self) }),
      getUserProfile: ({ userIDList = [] }: { userIDList?: string[] } = {}) =>
        Promise.resolve({ code: 0, data: userIDList.map(profile) }),
      on: nothing,
      off: nothing,
    };
  },
  // Steps of the published component that the server takes here: whoever calls them does no harm.
  lastOneHangup: () => undefined,
  handleNewMessage: () => undefined,
  switchAudioCall: () => undefined,
  switchVideoCall: () => undefined,
};

/** What the template binds. */
const handlers: Record<string, (this: Instance, event: NativeEvent) => void> = {
  _accept() {
    // A refusal is told by an event.
    this.caller.accept().catch(() => undefined);
  },
  _reject() {
    this.caller.reject().catch(() => undefined);
  },
  _hangUp() {
    this.caller.hangup().catch(() => undefined);
  },
  _toggleAudio() {
    this.caller.local.microphone(!this.caller.local.config.enableMic);
    this.caller.render();
  },
  _toggleCamera() {
    this.caller.local.camera(!this.caller.local.config.enableCamera);
    this.caller.render();
  },
  _toggleSwitchCamera() {
    this.caller.local.turn(this.caller.local.config.frontCamera !== 'front');
    this.caller.render();
  },
  _toggleSoundMode() {
    this.caller.toggleSound();
  },
  _toggleViewSize(event) {
    const screen: unknown = event.currentTarget?.dataset?.['screen'];
    if (screen === 'pusher' || screen === 'player') {
      this.caller.front(screen);
    }
  },
  _pusherStateChangeHandler(event) {
    const { code, message } = detailOf(event);
    if (code === INTERRUPTED) {
      this.caller.hangup().catch(() => undefined);
    } else if (!this.caller.local.state(code) && code !== NO_ROOM && PUSH_ERRORS.indexOf(code) >= 0) {
      this.caller.fail(errorOf(code, String(message ?? '')));
    }
  },
  _pusherErrorHandler(event) {
    const { errCode, errMsg } = detailOf(event);
    if (typeof errCode === 'number') {
      this.caller.fail(errorOf(errCode, String(errMsg ?? '')));
    }
  },
  // Bound so that customised templates find it; nothing is shown of it.
  _pusherNetStatus: () => undefined,
  _playNetStatus: () => undefined,
  _pusherAudioVolumeNotify(event) {
    this.caller.local.config.volume = volume(this, this.caller.self, event);
  },
  _playerStateChange(event) {
    const id = event.currentTarget?.dataset?.['streamid'] ?? event.currentTarget?.id;
    if (id !== undefined) {
      this.caller.streams.playState(String(id), detailOf(event).code);
    }
  },
  _playerAudioVolumeNotify(event) {
    const user: unknown = event.currentTarget?.dataset?.['userid'];
    if (user !== undefined) {
      volume(this, String(user), event);
    }
  },
  _nothing: () => undefined,
};

/** Data before anything happened. */
function data(): Record<string, unknown> {
  return {
    callStatus: 'idle',
    soundMode: 'speaker',
    active: false,
    previewing: false,
    pusherConfig: idlePusher(),
    playerList: [],
    streamList: [],
    invitation: { inviteID: '', inviter: '', type: 0, roomID: 0 },
    invitationAccept: { inviteID: '' },
    remoteUsers: [],
    localUser: {},
    isSponsor: false,
    chatTime: '00:00:00',
    screen: 'player',
    stage: 'outgoing',
    video: false,
    tiles: [],
    t: {},
  };
}

/** What is given to `Component`. */
export function definition(): Record<string, unknown> {
  return {
    properties: {
      config: { type: Object, value: { sdkAppID: 0, userID: '', userSig: '', type: 0 } },
      backgroundMute: { type: Boolean, value: false },
      ringTone: { type: Boolean, value: true },
      cameraPreview: { type: Boolean, value: true },
    },
    data: data(),
    lifetimes: {
      created(this: Instance) {
        attach(this);
      },
      detached(this: Instance) {
        this.caller.dispose();
      },
    },
    pageLifetimes: {
      show(this: Instance) {
        this.caller.shown();
      },
      hide(this: Instance) {
        if (!this.data.backgroundMute && this.caller.busy) {
          this.caller.hangup().catch(() => undefined);
        }
      },
    },
    methods: { ...pageMethods, ...handlers },
  };
}

