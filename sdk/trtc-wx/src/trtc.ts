/** The class that pages make: rooms over `<live-pusher>` and `<live-player>`. */
import { Emitter, MEDIA_URL_CHARS, makeKey, pushUrl } from '@huitong/core';
import type { Handler, Platform } from '@huitong/core';
import { PLAY, PUSH, PUSH_ERRORS, PUSH_NOTES, findServer, settings, wxPlatform } from '@huitong/wx-platform';
import { PUSHER_SETTINGS } from './attributes.js';
import type { PlayerAttributes, PusherAttributes } from './attributes.js';
import { EVENT } from './events.js';
import type { EventCode } from './events.js';
import { Logger } from './logger.js';
import { Membership } from './membership.js';
import type { Entry, MembershipHost } from './membership.js';
import { addDefaults, appId, paramFault, stayOf } from './params.js';
import type { EnterParams } from './params.js';
import type { Player } from './player.js';
import { Pusher } from './pusher.js';
import { roomCode } from './room-codes.js';
import { UserController } from './users.js';

/** A native event, as far as it is used here. */
export interface NativeEvent {
  detail?: any;
  currentTarget?: { id?: string; dataset?: { streamid?: string } };
  [key: string]: unknown;
}

/** The second argument of the constructor; 1.0.x pages pass the bare text `test`. */
export type Options = 'test' | { env?: string; TUIScene?: string; subscribe?: 'auto' } | null | undefined;

const PARAM_ERROR = '进房参数错误';

/** See the head of the file. */
export class TRTC implements MembershipHost {
  readonly env: string;
  readonly ctx: unknown;
  readonly eventEmitter = new Emitter();
  pusherInstance: Pusher | null = null;
  readonly userController: UserController;
  readonly EVENT = EVENT;
  readonly TUIScene: string;
  private readonly membership!: Membership;
  private readonly platform!: Platform;
  private readonly logger!: Logger;
  private readonly autoSubscribe!: boolean;

  constructor(ctx?: unknown, options?: Options) {
    const given = typeof options === 'string' ? { env: options } : (options ?? {});
    this.env = given.env ?? '';
    this.ctx = ctx;
    this.TUIScene = ('TUIScene' in given && given.TUIScene) || '';
    const logger = new Logger(this.env === 'test');
    const platform = wxPlatform((level, message) => logger.write(level, message));
    this.userController = new UserController(
      {
        emit: (code, data) => this.emit(code, data),
        startMuted: () => !this.autoSubscribe && settings().subscribe !== 'auto',
        appeared: (player) => this.membership.receive(player),
        disappeared: (player) => this.membership.forget(player),
      },
      ctx,
    );
    const autoSubscribe = 'subscribe' in given && given.subscribe === 'auto';
    // What is not part of the API stays out of what pages may print or copy.
    const hidden: Record<string, unknown> = { logger, platform, autoSubscribe, membership: new Membership(this, platform) };
    Object.keys(hidden).forEach((key) => Object.defineProperty(this, key, { value: hidden[key] }));
  }

  /** Adds a handler for an event code; `context` becomes its `this`. */
  on(code: string, handler: Handler, context?: unknown): void {
    if (typeof handler === 'function') {
      this.eventEmitter.on(code, handler, context);
    } else {
      this.logger.write('error', `on(${code}): the handler is not a function`);
    }
  }

  /** Removes a handler; without one, all of that code. */
  off(code: string, handler?: Handler): void {
    this.eventEmitter.off(code, handler);
  }

  /** Makes the pusher. An earlier one is replaced. */
  createPusher(attributes?: PusherAttributes): Pusher {
    const owner = {
      starting: (pusher: Pusher) => pusher !== this.pusherInstance || this.membership.starting(),
      stopped: (pusher: Pusher) => {
        if (pusher === this.pusherInstance) {
          this.membership.stopped();
        }
      },
      pausing: (pusher: Pusher, paused: boolean) => {
        if (pusher === this.pusherInstance) {
          this.membership.pausing(paused);
        }
      },
      changed: (pusher: Pusher, changed: PusherAttributes) => {
        if (pusher === this.pusherInstance) {
          this.membership.attributesChanged(changed);
        }
      },
      warn: (message: string) => this.logger.write('warn', message),
    };
    this.pusherInstance = new Pusher(owner, this.ctx, attributes ?? {});
    return this.pusherInstance;
  }

  /** The pusher; one with defaults is made if there is none. */
  getPusherInstance(): Pusher {
    return this.pusherInstance ?? this.createPusher();
  }

  /** The pusher's attributes. */
  getPusherAttributes(): PusherAttributes {
    return this.getPusherInstance().pusherAttributes;
  }

  /** Merges attributes of the pusher; the page hands the result to setData. */
  setPusherAttributes(attributes: PusherAttributes): PusherAttributes {
    return this.getPusherInstance().setPusherAttributes(attributes);
  }

  /** Prepares a room. The join begins with `getPusherInstance().start()`, or by itself with `autopush`. */
  enterRoom(params: EnterParams): PusherAttributes {
    const given: EnterParams = params ?? {};
    if (!this.pusherInstance || !this.pusherInstance.context) {
      this.createPusher();
    }
    const attributes = this.getPusherAttributes();
    const fault = paramFault(given);
    const server = fault === null ? findServer() : fault;
    if (typeof server === 'string') {
      this.logger.write('error', server);
      Object.assign(attributes, given, { url: null });
      this.membership.refuse();
      this.emit(EVENT.ERROR, fault === null ? { code: PUSH_ERRORS[6], message: server } : { message: PARAM_ERROR });
      return attributes;
    }
    addDefaults(given);
    const stay = stayOf(given, (message) => this.logger.write('warn', message));
    const entry: Entry = {
      endpoint: server,
      app: appId(given['sdkAppID']) ?? 0,
      user: String(given['userID']),
      sig: String(given['userSig']),
      stay,
      key: '',
    };
    const earlier = this.membership.current;
    const again = earlier !== null && sameEntry(earlier, entry);
    entry.key = again ? earlier.key : makeKey(this.platform);
    const url = pushUrl(server.rtmp, entry.key);
    if (url.length > MEDIA_URL_CHARS) {
      this.logger.write('error', `The push address has ${url.length} characters; phones take ${MEDIA_URL_CHARS}.`);
    }
    Object.assign(attributes, given, { url });
    if (again) {
      this.membership.renew(entry, given);
    } else {
      this.membership.prepare(entry);
    }
    return attributes;
  }

  /** Leaves the room and resets everything; the page hands the result to setData. */
  exitRoom(): { pusher: PusherAttributes; playerList: PlayerAttributes[] } {
    this.userController.reset();
    const pusher = this.pusherInstance ? this.pusherInstance.reset() : {};
    this.membership.exit();
    this.emit(EVENT.LOCAL_LEAVE);
    return { pusher, playerList: this.getPlayerList() };
  }

  /** Copies of all players, for setData. */
  getPlayerList(): PlayerAttributes[] {
    return this.userController.playerList();
  }

  /** Merges attributes of a player. Without an id: of the player that they name, else of all. */
  setPlayerAttributes(id: string | PlayerAttributes, attributes?: PlayerAttributes): PlayerAttributes[] {
    const changes = (typeof id === 'string' ? attributes : id) ?? {};
    for (const player of this.selected(id)) {
      player.setPlayerAttributes(changes);
      if ('muteAudio' in changes || 'muteVideo' in changes) {
        this.membership.receive(player);
      }
    }
    return this.getPlayerList();
  }

  private selected(id: string | PlayerAttributes): Player[] {
    let wanted: unknown = id;
    if (typeof id !== 'string') {
      const { id: own, streamID, userID, streamType } = id ?? {};
      wanted = own ?? streamID ?? (userID && `${userID}_${streamType ?? 'main'}`);
    }
    if (typeof wanted !== 'string') {
      return this.userController.all();
    }
    const player = this.userController.find(wanted);
    return player ? [player] : [];
  }

  /** The player with this id, without one the first; null when there is none. */
  getPlayerInstance(id?: string): Player | null {
    return id === undefined ? (this.userController.all()[0] ?? null) : this.userController.find(id);
  }

  /** Toggles the name of the quality of a player. The server offers one quality, so the picture stays. */
  switchStreamType(id: string): PlayerAttributes[] {
    const player = this.userController.find(id);
    if (player) {
      const now = player.playerAttributes['_definitionType'];
      player.setPlayerAttributes({ _definitionType: now === 'main' ? 'small' : 'main' });
    }
    return this.getPlayerList();
  }

  /**
   * An addition: asks for the voices of all others as one sound, for rooms in which more talk than a phone plays, or with false
   * for it no more. `REMOTE_MIX_UPDATE` tells its address, for a `<live-player id="mix">` of the page; single streams come without
   * sound while there is one.
   */
  subMix(on?: boolean): void {
    this.membership.subMix(on !== false);
  }

  /** 0 log, 1 info, 2 warn, 3 error. */
  setLogLevel(level: number): void {
    this.logger.setLevel(level);
  }

  /** Telemetry of the original; nothing is sent anywhere here. */
  initLog(): void {
    this.logger.write('log', 'initLog: nothing is collected');
  }

  /** bindstatechange of the pusher. */
  pusherEventHandler(event: NativeEvent): void {
    this.membership.heardOfPage();
    const { code, message } = detailOf(event);
    if (code === PUSH.begin) {
      this.membership.pushAccepted();
    }
    if (code === PUSH.entered) {
      this.membership.tellJoined();
    } else if (code === PUSH.left) {
      if (String(message).indexOf('reason[0]') < 0) {
        this.membership.tellKicked('kicked', String(message));
      }
    } else if (code >= PUSH.userIn && code <= PUSH.audio) {
      roomCode(this.userController, code, message, (text) => this.logger.write('warn', text));
    } else if (PUSH_ERRORS.indexOf(code) >= 0) {
      this.pusherFailed(code, message);
    } else if (PUSH_NOTES.indexOf(code) >= 0) {
      this.logger.write('info', `pusher ${code}`, message);
    }
  }

  private pusherFailed(code: number, message: unknown): void {
    if (code === PUSH.disconnected && this.membership.pushDied()) {
      this.logger.write('warn', 'the pusher gave up and is started again when the server takes its media');
      return;
    }
    this.logger.write('error', `pusher ${code}`, message);
    this.emit(EVENT.ERROR, { code, message });
  }

  /** bindnetstatus of the pusher. */
  pusherNetStatusHandler(event: NativeEvent): void {
    this.membership.heardOfPage();
    const info: Record<string, unknown> = Object.assign({}, detailOf(event).info);
    const attributes = this.getPusherAttributes();
    attributes['netStatus'] = info;
    for (const key of Object.keys(info)) {
      if (PUSHER_SETTINGS.indexOf(key) < 0) {
        attributes[key] = info[key];
      }
    }
    this.membership.pushStatus(info);
    this.emit(EVENT.LOCAL_NET_STATE_UPDATE, { pusher: attributes });
  }

  /** binderror of the pusher. */
  pusherErrorHandler(event: NativeEvent): void {
    const { errCode, errMsg } = detailOf(event);
    if (errCode === undefined && errMsg === undefined) {
      this.logger.write('warn', 'an error event of the pusher without code and message');
      return;
    }
    this.emit(EVENT.ERROR, { code: errCode, message: errMsg });
  }

  /** bindbgmstart of the pusher. */
  pusherBGMStartHandler(): void {
    this.emit(EVENT.BGM_PLAY_START);
  }

  /** bindbgmprogress of the pusher. */
  pusherBGMProgressHandler(event: NativeEvent): void {
    const { progress, duration } = detailOf(event);
    this.emit(EVENT.BGM_PLAY_PROGRESS, { progress, duration });
  }

  /** bindbgmcomplete of the pusher. */
  pusherBGMCompleteHandler(): void {
    this.emit(EVENT.BGM_PLAY_COMPLETE);
  }

  /** bindaudiovolumenotify of the pusher. */
  pusherAudioVolumeNotify(event: NativeEvent): void {
    this.membership.heardOfPage();
    const attributes = this.getPusherAttributes();
    attributes['volume'] = detailOf(event).volume;
    this.emit(EVENT.LOCAL_AUDIO_VOLUME_UPDATE, { pusher: attributes });
  }

  /** bindstatechange of a player. */
  playerEventHandler(event: NativeEvent): void {
    this.membership.heardOfPage();
    const detail = detailOf(event);
    const { code, message } = detail;
    if (code >= PLAY.warningsFrom && code <= PLAY.warningsTo) {
      this.emit(EVENT.PLAYER_WARNING, detail);
      return;
    }
    const id = streamIdOf(event);
    if (id !== undefined) {
      this.membership.playState(id, code);
    }
    this.emit(EVENT.REMOTE_STATE_UPDATE, Object.assign({}, nativeFields(event), { code, message }));
  }

  /** bindfullscreenchange of a player. */
  playerFullscreenChange(): void {
    this.emit(EVENT.VIDEO_FULLSCREEN_UPDATE);
  }

  /** bindnetstatus of a player. */
  playerNetStatus(event: NativeEvent): void {
    this.membership.heardOfPage();
    const player = this.playerOf(event);
    if (player) {
      player.setPlayerAttributes({ netStatus: Object.assign({}, detailOf(event).info) });
      this.emit(EVENT.REMOTE_NET_STATE_UPDATE, { playerList: this.getPlayerList() });
    }
  }

  /** bindaudiovolumenotify of a player. */
  playerAudioVolumeNotify(event: NativeEvent): void {
    this.membership.heardOfPage();
    const player = this.playerOf(event);
    // A tag without sound knows nothing of a voice in the mix.
    if (player && !this.membership.isMixed(player)) {
      player.setPlayerAttributes({ volume: detailOf(event).volume });
      this.emit(EVENT.REMOTE_AUDIO_VOLUME_UPDATE, { playerList: this.getPlayerList() });
    }
  }

  private playerOf(event: NativeEvent): Player | null {
    const id = streamIdOf(event);
    return id === undefined ? null : this.userController.find(id);
  }

  /** Tells an event to the page's handlers. */
  emit(code: EventCode, data?: unknown): void {
    this.eventEmitter.emit(code, data);
  }
}

function detailOf(event: NativeEvent | undefined): any {
  return event?.detail ?? {};
}

function streamIdOf(event: NativeEvent): string | undefined {
  const target = event?.currentTarget;
  return target?.dataset?.streamid ?? target?.id;
}

/** Some runtimes keep the fields of an event on its prototype. */
function nativeFields(event: NativeEvent): Record<string, unknown> {
  const fields: Record<string, unknown> = Object.assign({}, event);
  for (const key of ['type', 'timeStamp', 'target', 'currentTarget', 'mark', 'detail']) {
    if (event?.[key] !== undefined) {
      fields[key] = event[key];
    }
  }
  return fields;
}

function sameEntry(a: Entry, b: Entry): boolean {
  const key = (entry: Entry): string => JSON.stringify([entry.endpoint, entry.app, entry.user, entry.stay.room, entry.stay.scene]);
  return key(a) === key(b);
}
