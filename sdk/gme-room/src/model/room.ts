/** One component between its page and the server: a room period from entry to exit, its microphone and its loudspeaker. */
import { DETAIL, ERROR_TYPE, EVENT_TYPE } from '../common/constants.js';
import type { EventType } from '../common/constants.js';
import { VOICES, VOICES_BACK } from '../common/settings.js';
import { FINE, invalid, resultOf } from '../utils/errors.js';
import type { Result } from '../utils/errors.js';
import { Room, deviceId, findServer, onSoundBack, playUrl, settings } from '../utils/huitong.js';
import type { Cancel, Endpoint, Failure, Identity, Platform, RoomEvent, Stay } from '../utils/huitong.js';
import { entryOf } from '../utils/params.js';
import type { Entry, Properties } from '../utils/params.js';
import { Players } from './player.js';
import type { RemoteUser } from './player.js';
import { Pusher } from './pusher.js';

/** How the SDK calls itself in the server's log. */
const CLIENT = 'gme-room/0.1.0';
/** How often volumes are told while microphones are open, ms: rings on a page should move like a voice. */
const METER_MS = 400;

/** The function of a page that is told everything. */
export type EventHandler = (eventType: EventType, params: Record<string, unknown>) => void;

/** What the room needs of its component. */
export interface VoiceHost {
  readonly component: unknown;
  setData(changes: Record<string, unknown>): void;
}

type TrackChanged = Extract<RoomEvent, { type: 'trackChanged' }>;

/** See the head of the file. */
export class VoiceRoom {
  readonly pusher: Pusher;
  readonly players: Players;
  private handler: EventHandler | null = null;
  private entry: Entry | null = null;
  private server: Endpoint | null = null;
  private room: Room | null = null;
  /** The entry is completed, the exit is not. */
  private inside = false;
  /** Why media was refused since it was last accepted: the tag tries again and again, pages are told once. */
  private readonly refusals = new Set<string>();
  private listChanged = false;
  /** There are more voices than are played with a tag each. */
  private mixWanted = false;
  /** What of the phone is watched during a stay. */
  private watches: Cancel | null = null;
  private renderTimer: Cancel | null = null;
  private meterTimer: Cancel | null = null;

  constructor(
    private readonly host: VoiceHost,
    private readonly platform: Platform,
  ) {
    this.pusher = new Pusher(platform, host.component);
    const mayPlay = (): boolean => !platform.hidden() && !!this.room?.present;
    this.players = new Players(platform, { component: host.component, mayPlay });
  }

  /** Enters the room of the properties. Gives a value of `ERROR_TYPE`. */
  enter(handler: unknown, properties: Properties): number {
    if (typeof handler !== 'function') {
      this.platform.log('error', 'enterRoom(eventHandler): the handler is not a function');
      return ERROR_TYPE.ERROR_INVALID_PARAMETER;
    }
    const told = handler as EventHandler;
    const entry = entryOf(properties);
    const server = findServer();
    if (typeof entry === 'string' || typeof server === 'string') {
      const fault = invalid(typeof entry === 'string' ? entry : String(server));
      this.tell(EVENT_TYPE.EVENT_ENTER_ROOM_COMPLETED, fault, {}, told);
      return fault.errType;
    }
    if (this.room && !this.room.isOver && sameRoom(entry, this.entry)) {
      this.handler = told;
      if (entry.authBuffer !== this.entry?.authBuffer) {
        this.entry = entry;
        this.room.renew(identityOf(entry, this.platform), stayOf(entry));
      }
      this.tellEntered();
      return ERROR_TYPE.OK;
    }
    if (this.room) {
      this.exit();
    }
    if (this.room) {
      // The page has entered again when it heard of the exit; what goes on here was asked for first.
      this.dispose();
    }
    this.handler = told;
    this.begin(entry, server);
    return ERROR_TYPE.OK;
  }

  /** Leaves. Outside a room, the page is told all the same: it waits for that. */
  exit(): number {
    this.room?.leave();
    this.over('exit');
    return ERROR_TYPE.OK;
  }

  /** The component is gone, and nobody is there to be told. */
  dispose(): void {
    this.room?.leave();
    this.handler = null;
    this.rest();
  }

  /** Opens or closes the microphone. Gives a value of `ERROR_TYPE`. */
  microphone(enable: unknown): number {
    const { room, server } = this;
    const on = switchOf(enable);
    if (on === null) {
      return this.refuse(invalid('enableMic(enable): enable must be true or false.'));
    }
    if (!room || !server || !this.inside) {
      return this.tooEarly('enableMic');
    }
    if (on) {
      this.refusals.clear();
      this.pusher.open(room, pushBase(room, server));
    } else {
      this.pusher.close();
    }
    this.show();
    this.measure();
    return ERROR_TYPE.OK;
  }

  /** Plays the room or is silent. The server sends nothing that is not to be heard. */
  speaker(enable: unknown): number {
    const on = switchOf(enable);
    if (on === null) {
      return this.refuse(invalid('enableSpeaker(enable): enable must be true or false.'));
    }
    if (!this.inside) {
      return this.tooEarly('enableSpeaker');
    }
    this.players.audible = on;
    this.listen();
    this.show();
    if (on) {
      this.players.retry();
    }
    return ERROR_TYPE.OK;
  }

  /** Everybody else whose microphone is open. */
  remoteUsers(): RemoteUser[] {
    return this.players.users();
  }

  /** A device of the phone failed. */
  fail(result: Result): void {
    if (this.room) {
      this.tell(EVENT_TYPE.EVENT_ERROR, result);
    }
  }

  /** The own native tag has reported a volume. */
  ownVolume(volume: unknown): void {
    this.pusher.level.heard(volume, this.platform.now());
  }

  private begin(entry: Entry, server: Endpoint): void {
    this.entry = entry;
    this.server = server;
    this.players.audible = true;
    const room: Room = new Room(this.platform, server, stayOf(entry), (event) => {
      if (this.room === room) {
        this.heard(event);
      }
    });
    this.room = room;
    // A tag that died in the background was not started again there, and the connection need not have noticed anything.
    const shows = this.platform.onShow(() => {
      this.pusher.shown();
      this.players.retry();
    });
    const sounds = onSoundBack(() => {
      this.pusher.soundBack();
      this.players.soundBack();
    });
    this.watches = () => {
      shows();
      sounds();
    };
    room.enter(identityOf(entry, this.platform));
  }

  private tooEarly(what: string): number {
    return this.refuse(invalid(`${what} works between a completed enterRoom and exitRoom.`));
  }

  private refuse(fault: Result): number {
    this.tell(EVENT_TYPE.EVENT_ERROR, fault);
    return fault.errType;
  }

  private heard(event: RoomEvent): void {
    switch (event.type) {
      case 'joined':
        this.entered();
        break;
      case 'resumed':
        this.revive();
        break;
      case 'trackChanged':
        this.trackChanged(event);
        break;
      case 'mixed':
        this.chooseVoices();
        break;
      case 'pushRefused':
        this.pusher.refused(event.failure);
        this.tellRefusal(event.failure);
        break;
      case 'refused':
        this.tellRefusal(event.failure);
        break;
      case 'removed':
        this.removed(event.reason, event.message);
        break;
      case 'failed':
        this.failed(event.failure);
        break;
      case 'memberJoined':
      case 'memberLeft':
      case 'memberAway':
      case 'interrupted':
      case 'audience':
      case 'role':
        break; // pages of this API have no word for it
    }
  }

  private entered(): void {
    if (!this.inside) {
      this.inside = true;
      this.tellEntered();
    }
    this.revive();
  }

  private revive(): void {
    this.pusher.retry();
    this.players.retry();
  }

  /**
   * What the server sends here of those whose microphone is open; whoever is silent costs no request. Pictures of those who
   * are here with another API cost traffic for nothing.
   */
  private listen(): void {
    const { room, players } = this;
    players.users().forEach(({ userID }) => room?.subscribe(userID, 'main', players.audible && !players.mixed, false));
  }

  /** Plays each voice by itself, or, as soon as the server makes it, the mix of too many. */
  private chooseVoices(): void {
    const { room, players } = this;
    const most = voicesAtMost();
    const wanted = players.count > (this.mixWanted ? Math.max(0, most - VOICES_BACK) : most);
    if (wanted !== this.mixWanted) {
      this.mixWanted = wanted;
      room?.wantMix(wanted);
    }
    if (players.playMix((wanted && room?.mix && this.addressOf(room.mix)) || '')) {
      this.showSoon();
    }
    this.listen();
  }

  private addressOf(play: string): string {
    const bases = this.room?.media;
    return bases ? playUrl(bases, settings().play === 'flv' ? 'flv' : 'rtmp', play) : '';
  }

  private trackChanged({ user, stream, track, on, play }: TrackChanged): void {
    if (stream !== 'main' || track !== 'audio') {
      return;
    }
    if (on) {
      this.players.open(user, this.addressOf(play));
    } else {
      this.players.close(user);
    }
    this.chooseVoices();
    this.listChanged = true;
    this.showSoon();
    this.measure();
  }

  private tellRefusal(failure: Failure): void {
    if (!this.refusals.has(failure.code)) {
      this.refusals.add(failure.code);
      this.tell(EVENT_TYPE.EVENT_ERROR, resultOf(failure));
    }
  }

  /** The server has put this user out; what the room still had to say is said. */
  private removed(reason: string, message: string): void {
    this.ended({ errType: ERROR_TYPE.ERROR_UNKNOWN, errMsg: message, code: DETAIL.removed }, reason);
  }

  /** The stay is over by no will of the page, which may enter again as soon as it hears so. */
  private ended(result: Result, reason: string): void {
    const { room } = this;
    this.tell(EVENT_TYPE.EVENT_ERROR, result);
    if (this.room === room) {
      this.over(reason);
    }
  }

  private failed(failure: Failure): void {
    const result = resultOf(failure);
    if (this.inside) {
      this.ended(result, failure.code);
    } else {
      const { handler, entry } = this;
      this.rest();
      this.tell(EVENT_TYPE.EVENT_ENTER_ROOM_COMPLETED, result, placeOf(entry), handler);
    }
  }

  /** The room period is over. */
  private over(reason: string): void {
    const { handler } = this;
    this.rest();
    this.tell(EVENT_TYPE.EVENT_EXIT_ROOM_COMPLETED, FINE, { reason }, handler);
  }

  /** Nothing of the room goes on here. */
  private rest(): void {
    this.room = null;
    this.inside = false;
    this.mixWanted = false;
    this.entry = null;
    this.pusher.end();
    this.players.clear();
    this.refusals.clear();
    this.watches?.();
    this.watches = null;
    this.meterTimer?.();
    this.meterTimer = null;
    this.renderTimer?.();
    this.renderTimer = null;
    this.listChanged = false;
    this.show();
  }

  private show(): void {
    this.host.setData({ pusher: this.pusher.config, players: this.players.configs() });
  }

  /** Many changes of one moment, as after the entry, are shown and told together. */
  private showSoon(): void {
    this.renderTimer = this.renderTimer ?? this.platform.after(0, () => {
      this.renderTimer = null;
      this.show();
      if (this.listChanged) {
        this.listChanged = false;
        this.tell(EVENT_TYPE.EVENT_USER_LIST_UPDATE, FINE, { userList: this.remoteUsers(), remoteUserList: this.remoteUsers() });
      }
    });
  }

  /** Tells volumes again and again while a microphone is open. */
  private measure(): void {
    if (this.meterTimer || !this.inside || !(this.pusher.isOpen || this.players.count > 0)) {
      return;
    }
    this.meterTimer = this.platform.after(METER_MS, () => {
      this.meterTimer = null;
      this.tellVolumes();
      this.askVolumes();
      this.measure();
    });
  }

  /** The tag of a mix says only how loud all are together: the server knows each. */
  private askVolumes(): void {
    const { room, players } = this;
    if (players.mixed && players.audible && !this.platform.hidden()) {
      room?.levels((levels) => levels.forEach(({ user, level }) => players.heard(user, level)));
    }
  }

  private tellVolumes(): void {
    const { entry, room } = this;
    if (entry && this.pusher.isOpen) {
      const volume = this.pusher.level.read(this.platform.now());
      this.tellVolume(entry.user, { uplinkVolume: volume, downlinkVolume: 0, volume });
    }
    for (const { userID, volume } of this.remoteUsers()) {
      if (this.room === room) {
        this.tellVolume(userID, { uplinkVolume: 0, downlinkVolume: volume, volume });
      }
    }
  }

  private tellVolume(userID: string, volumes: Record<string, number>): void {
    this.tell(EVENT_TYPE.EVENT_AUDIO_VOLUME_UPDATE, FINE, Object.assign({ userID, UserID: userID }, volumes));
  }

  /**
   * A page that has just entered again is told so as often as it asks, and who speaks; one that is on its way, when it is
   * there.
   */
  private tellEntered(): void {
    if (this.inside) {
      this.tell(EVENT_TYPE.EVENT_ENTER_ROOM_COMPLETED, FINE, placeOf(this.entry));
      if (this.players.count > 0) {
        this.listChanged = true;
        this.showSoon();
      }
    }
  }

  private tell(eventType: EventType, result: Result, more: Record<string, unknown> = {}, handler = this.handler): void {
    if (!handler) {
      return;
    }
    try {
      handler(eventType, Object.assign({}, more, { eventType }, result));
    } catch (error) {
      this.platform.log('error', `the handler failed at ${eventType}: ${String(error)}`);
    }
  }
}

/** What a page says with a switch, null if nothing. Attributes of tags and `dataset` carry it as a text, `'false'` too. */
function switchOf(value: unknown): boolean | null {
  const word = typeof value === 'object' ? '' : String(value);
  return word === 'true' || word === '1' ? true : word === 'false' || word === '0' ? false : null;
}

/** Where the microphone is pushed to. The server knows its port, unless the application knows better. */
function pushBase({ media }: Room, server: Endpoint): string {
  return settings().rtmp ? server.rtmp : media?.rtmp ?? server.rtmp;
}

function voicesAtMost(): number {
  const { voices } = settings();
  return typeof voices === 'number' && voices >= 0 ? voices : VOICES;
}

function sameRoom(entry: Entry, other: Entry | null): boolean {
  return other?.app === entry.app && other.room === entry.room && other.user === entry.user;
}

/** A voice room is the room of that name for every API, whatever digits it has. */
function stayOf({ room }: Entry): Stay {
  return { room: { text: room }, scene: 'rtc', role: 'publisher' };
}

function identityOf({ app, user, room, authBuffer }: Entry, platform: Platform): Identity {
  return { app, user, sig: '', voice: { authBuffer, voiceRoom: room }, device: deviceId(platform), client: CLIENT };
}

function placeOf(entry: Entry | null): Record<string, unknown> {
  return entry ? { roomID: entry.room, userID: entry.user } : {};
}
