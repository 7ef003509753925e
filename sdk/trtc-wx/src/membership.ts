/**
 * Between the page's pusher and the server's room: starting the pusher joins, stopping it leaves, its microphone
 * and camera are what the others are told, and its native tag is brought back after every interruption.
 */
import { Revival, Room, deviceId, playUrl } from '@huitong/core';
import type { Cancel, Endpoint, Failure, Identity, Platform, RoomEvent, Stay } from '@huitong/core';
import { PLAY, settings } from '@huitong/wx-platform';
import { Attendance } from './attendance.js';
import type { Attended } from './attendance.js';
import { CONNECTION_LOST, errorData, kickedReason } from './codes.js';
import { EVENT } from './events.js';
import type { EventCode } from './events.js';
import { MIX_ID, Mix } from './mix.js';
import { roleOf } from './params.js';
import type { Player } from './player.js';
import type { Pusher } from './pusher.js';
import { stayBegins, stayEnds } from './stays.js';
import type { Replaceable } from './stays.js';
import type { StreamType, UserController } from './users.js';

/** How the SDK calls itself in the server's log. */
const CLIENT = 'trtc-wx/0.1.0';
/** A pusher that shows no life for so long after the return to the foreground is started anew, ms. */
const FOREGROUND_MS = 5000;
/** What a stay is told that another page of the same mini program has ended. */
const REPLACED = 'The same user has entered from another page.';

/** What `enterRoom` has prepared. */
export interface Entry {
  endpoint: Endpoint;
  app: number;
  user: string;
  sig: string;
  stay: Stay;
  /** Key of the push address. */
  key: string;
}

/** What the membership needs from the SDK. */
export interface MembershipHost {
  readonly ctx: unknown;
  readonly userController: UserController;
  readonly pusherInstance: Pusher | null;
  emit(code: EventCode, data?: unknown): void;
}

type Track = Extract<RoomEvent, { type: 'trackChanged' }>;

/** See the head of the file. */
export class Membership implements Replaceable, Attended {
  private entry: Entry | null = null;
  private room: Room | null = null;
  /** The page wants the native pusher to run. */
  private started = false;
  /** The native pusher was started, by the page or from here. */
  private running = false;
  private paused = false;
  /** LOCAL_JOIN was told. */
  private joined = false;
  /** When the native pusher last showed that media flows. */
  private aliveAt = 0;
  private statusSeen = false;
  /** Another page took the place of this one while it was behind another tab. */
  private replaced = false;
  private checkTimer: Cancel | null = null;
  private readonly watches: Cancel[] = [];
  private readonly push: Revival;
  private readonly plays = new Map<string, Revival>();
  private readonly page: Attendance;
  private readonly mix: Mix;
  /** Why media was refused since it was last accepted: each cause is told once. */
  private readonly refusals = new Set<string>();

  constructor(
    private readonly host: MembershipHost,
    private readonly platform: Platform,
  ) {
    this.page = new Attendance(platform, host.ctx, this);
    this.mix = new Mix(host, platform, () => this.mixChanged());
    const restart = (): void => {
      this.host.pusherInstance?.native('stop');
      this.host.pusherInstance?.native('start');
    };
    this.push = new Revival(platform, () => this.mayPush() && this.started && !this.paused, restart);
  }

  /** The parameters of a room were bad: there is nothing to enter. A present stay goes on. */
  refuse(): void {
    if (!this.current) {
      this.entry = null;
    }
  }

  /** Takes note of a room to enter. An earlier stay elsewhere ends. */
  prepare(entry: Entry): void {
    if (this.room) {
      this.leave();
      this.host.userController.reset();
    }
    this.room = null;
    this.entry = entry;
    if (this.started || this.host.pusherInstance?.pusherAttributes['autopush']) {
      this.begin();
    }
  }

  /** The page enters the room that it is in: perhaps with newer credentials, perhaps with another pusher. */
  renew(entry: Entry, given: Record<string, unknown>): void {
    this.entry = entry;
    this.room?.renew(this.identityOf(entry), entry.stay);
    this.attributesChanged(given);
    this.tellDevices();
  }

  /** The entry under which the client is, or is about to be, in a room. */
  get current(): Entry | null {
    return this.room && !this.room.isOver ? this.entry : null;
  }

  /** The page starts the pusher. False: there is nothing to push yet, because it only watches. */
  starting(): boolean {
    this.started = true;
    this.paused = false;
    this.push.allowed();
    this.begin();
    this.running = this.room === null || this.room.ownRole === 'publisher';
    return this.running;
  }

  /** The page has stopped the pusher. */
  stopped(): void {
    this.started = false;
    this.running = false;
    this.leave();
  }

  /** The page pauses or resumes the pusher. */
  pausing(paused: boolean): void {
    this.paused = paused;
    if (!paused) {
      this.push.retry(); // it may have died meanwhile
    }
  }

  /** Leaves for good, as after `exitRoom`. */
  exit(): void {
    this.stopped();
    this.mix.want(false);
    this.room = null;
    this.entry = null;
  }

  /** The page has changed attributes of the pusher. */
  attributesChanged(changed: Record<string, unknown>): void {
    if (changed['autopush']) {
      this.begin();
    }
    const { room, entry } = this;
    if (!room || room.isOver || !entry) {
      return;
    }
    const { mic, camera } = this.devices();
    if (entry.stay.scene === 'live') {
      const role = roleOf(changed['role']);
      const speaks = !!(changed['enableMic'] || changed['enableCamera']) && (mic || camera);
      if (role || (speaks && room.ownRole === 'audience')) {
        room.setRole(role ?? 'publisher');
      }
    }
    if ('enableMic' in changed || 'enableCamera' in changed) {
      this.tellDevices();
    }
  }

  private tellDevices(): void {
    const { mic, camera } = this.devices();
    if (this.room && this.entry) {
      this.room.publish('main', this.entry.key, mic, camera);
    }
  }

  private identityOf({ app, user, sig }: Entry): Identity {
    return { app, user, sig, device: deviceId(this.platform), client: CLIENT };
  }

  /** The page asks for the voices of all others as one sound, or for it no more. */
  subMix(wanted: boolean): void {
    this.mix.want(wanted);
  }

  /** Whether this player's voice is heard in the mix. */
  isMixed(player: Player): boolean {
    return this.mix.player !== null && player.playerAttributes['streamType'] !== 'aux';
  }

  private mixChanged(): void {
    this.plays.get(MIX_ID)?.stop();
    this.plays.delete(MIX_ID);
    this.host.userController.all().forEach((player) => this.receive(player));
  }

  /** The page has muted or unmuted a player, or a player appeared. */
  receive(player: Player): void {
    const { userID, streamType, muteAudio, muteVideo, id } = player.playerAttributes;
    if (this.room && !this.room.isOver) {
      this.room.subscribe(userID, streamType === 'aux' ? 'aux' : 'main', !muteAudio && !this.isMixed(player), !muteVideo);
    }
    if (!muteAudio || !muteVideo) {
      this.plays.get(id)?.retry();
    }
  }

  /** A player is gone. */
  forget(player: Player): void {
    const { id } = player.playerAttributes;
    this.plays.get(id)?.stop();
    this.plays.delete(id);
  }

  /** Tells LOCAL_JOIN, once per stay. */
  tellJoined(): void {
    if (!this.joined) {
      this.joined = true;
      this.host.emit(EVENT.LOCAL_JOIN);
    }
  }

  /** Tells that the server has put this user out. */
  tellKicked(reason: string, message: string): void {
    this.joined = false;
    this.host.emit(EVENT.KICKED_OUT, { reason, message });
  }

  /**
   * The native pusher has given up. True: it is being brought back, the page need not know. It may do so before the
   * login is through, on a slow network; then it is started again with the join.
   */
  pushDied(): boolean {
    const { room } = this;
    if (this.page.awaits) {
      this.push.died();
      return true;
    }
    return !!room && !room.isOver && (room.ownRole === 'audience' || (this.started && this.push.died()));
  }

  /** A native tag of the page said something. */
  heardOfPage(): void {
    this.page.heard();
  }

  /** The server takes the native pusher's media. */
  pushAccepted(): void {
    this.refusals.clear();
    this.push.allowed();
    this.pushAlive();
  }

  /** The native pusher says that media flows. */
  pushAlive(): void {
    this.aliveAt = this.platform.now();
    this.push.alive();
  }

  /** The native pusher reports its network. */
  pushStatus(info: Record<string, unknown>): void {
    this.statusSeen = true;
    const flow = Number(info['videoBitrate'] || 0) + Number(info['audioBitrate'] || 0) + Number(info['netSpeed'] || 0);
    if (flow > 0) {
      this.pushAlive();
    }
  }

  /** A native player reports its state. */
  playState(id: string, code: number): void {
    if (code === PLAY.playing || code === PLAY.firstFrame) {
      this.plays.get(id)?.alive();
    } else if (code === PLAY.gaveUp && this.playerOf(id)) {
      this.revivalOf(id).died();
    }
  }

  private playerOf(id: string): Player | null {
    return id === MIX_ID ? this.mix.player : this.host.userController.find(id);
  }

  private revivalOf(id: string): Revival {
    const known = this.plays.get(id);
    if (known) {
      return known;
    }
    const player = (): Player | null => this.playerOf(id);
    const wanted = (): boolean => {
      const attributes = player()?.playerAttributes;
      return !!attributes && !(attributes['muteAudio'] && attributes['muteVideo']);
    };
    const restart = (): void => {
      player()?.stop();
      player()?.play();
    };
    const made = new Revival(this.platform, () => wanted() && !this.platform.hidden() && !!this.room?.present, restart);
    this.plays.set(id, made);
    return made;
  }

  private devices(): { mic: boolean; camera: boolean } {
    const attributes = this.host.pusherInstance?.pusherAttributes ?? {};
    return { mic: !!attributes['enableMic'], camera: !!attributes['enableCamera'] };
  }

  private mayPush(): boolean {
    return !this.platform.hidden() && !!this.room && this.room.present && this.room.ownRole === 'publisher';
  }

  /** Joins, if a room was entered and the client is not there yet. */
  private begin(): void {
    const { entry, room: earlier } = this;
    if (!entry || (earlier && !earlier.isOver)) {
      return;
    }
    this.started = true;
    if (this.host.pusherInstance?.pusherAttributes['autopush']) {
      this.running = true; // the tag starts by itself
    }
    this.unwatch();
    const room: Room = new Room(this.platform, entry.endpoint, entry.stay, (event) => {
      if (this.room === room) {
        this.heard(event);
      }
    });
    if (earlier) {
      room.continueFrom(earlier);
    }
    this.room = room;
    this.mix.begin(room);
    this.tellDevices();
    stayBegins(userOf(entry), this, this.host.ctx);
    room.enter(this.identityOf(entry));
    this.watch();
  }

  /**
   * The server ends this stay as soon as the same user logs in anew. A page that is closed is told nothing and
   * nothing of it is stopped: its handlers and its tag would act on the page that is open now. Neither is a page that
   * enters again with another object: it knows, and its tag is the successor's.
   */
  replacedFrom(context: unknown): void {
    const { room } = this;
    if (!room || room.isOver) {
      return;
    }
    room.abandon();
    const { presence } = this.page;
    if (presence === 'open' && (!context || context !== this.host.ctx)) {
      this.halt();
      this.platform.after(0, () => {
        if (this.room === room) {
          this.tellKicked(kickedReason('replaced'), REPLACED);
        }
      });
      return;
    }
    this.rest();
    this.started = false;
    this.running = false;
    if (presence === 'behind') {
      this.replaced = true;
      this.page.awaitReturn();
    }
  }

  /** The pusher's tag is gone with its page, and the original leaves the room with the tag. */
  pageGone(mayComeBack: boolean): void {
    const { joined } = this;
    this.leave();
    if (mayComeBack) {
      this.joined = joined; // to the page it is the same stay when it is back
      this.page.awaitReturn();
    }
  }

  /** The page was behind another tab: it has its stay again, or learns why not. */
  pageBack(late: boolean): void {
    const { replaced } = this;
    this.replaced = false;
    if (replaced) {
      this.halt();
      this.tellKicked(kickedReason('replaced'), REPLACED);
    } else if (late) {
      this.halt();
      this.host.emit(EVENT.ERROR, { code: CONNECTION_LOST, message: 'The page was hidden for too long to keep its seat.' });
    } else {
      this.begin();
      this.checkPusher();
    }
  }

  private watch(): void {
    this.watches.push(
      this.platform.onShow(() => this.shown()),
      this.platform.onHide(() => this.stopCheck()),
    );
    this.page.begin();
  }

  private unwatch(): void {
    this.watches.splice(0).forEach((cancel) => cancel());
    this.page.end();
    this.stopCheck();
  }

  private stopCheck(): void {
    this.checkTimer?.();
    this.checkTimer = null;
  }

  private leave(): void {
    this.rest();
    this.room?.leave();
  }

  /** Nothing of the stay goes on here. */
  private rest(): void {
    this.joined = false;
    this.replaced = false;
    this.refusals.clear();
    this.push.stop();
    this.plays.forEach((revival) => revival.stop());
    this.plays.clear();
    this.mix.end(this.page.presence !== 'closed');
    this.unwatch();
    if (this.entry) {
      stayEnds(userOf(this.entry), this);
    }
  }

  private shown(): void {
    this.page.shown();
    this.reviveAll();
    this.checkPusher();
  }

  /** Whether the pusher shows life within some seconds after it may have been stopped from outside. */
  private checkPusher(): void {
    const shownAt = this.platform.now();
    this.stopCheck();
    this.checkTimer = this.platform.after(FOREGROUND_MS, () => {
      const { mic, camera } = this.devices();
      const expected = this.statusSeen && (mic || camera) && this.started && !this.paused;
      if (expected && this.aliveAt < shownAt) {
        this.push.suspect();
      }
    });
  }

  private reviveAll(): void {
    this.push.retry();
    this.plays.forEach((revival) => revival.retry());
  }

  private heard(event: RoomEvent): void {
    if (this.page.presence === 'closed') {
      this.leave(); // nobody is there to be told, and the tag that could be stopped may be another page's by now
      return;
    }
    switch (event.type) {
      case 'joined':
        if (!event.again) {
          this.tellJoined();
        }
        this.push.allowed();
        this.reviveAll();
        break;
      case 'resumed':
        this.reviveAll();
        break;
      case 'memberJoined':
        if (!this.host.userController.has(event.user)) {
          this.host.userController.join(event.user);
        }
        break;
      case 'memberLeft':
        this.host.userController.leave(event.user);
        break;
      case 'trackChanged':
        this.trackChanged(event);
        break;
      case 'mixed':
        this.mix.follow();
        break;
      case 'role':
        this.roleChanged(event.role === 'publisher');
        break;
      case 'removed':
        this.halt();
        this.tellKicked(kickedReason(event.reason), event.message);
        break;
      case 'pushRefused':
        if (event.stream === 'main') {
          this.push.refused(event.failure.retry !== 'later');
        }
        this.tellRefusal(event.failure);
        break;
      case 'refused':
        if (event.op === 'publish') {
          this.tellRefusal(event.failure);
        } else {
          this.host.emit(EVENT.ERROR, errorData(event.failure));
        }
        break;
      case 'failed':
        this.halt();
        this.host.emit(EVENT.ERROR, errorData(event.failure));
        break;
      case 'memberAway':
      case 'audience':
      case 'interrupted':
        break; // pages of this API have no word for it
    }
  }

  /** The tag and the SDK try again and again; what stands in their way is told once. */
  private tellRefusal(failure: Failure): void {
    if (!this.refusals.has(failure.code)) {
      this.refusals.add(failure.code);
      this.host.emit(EVENT.ERROR, errorData(failure));
    }
  }

  private trackChanged({ user, stream, track, on, play }: Track): void {
    const bases = this.room?.media;
    const format = settings().play === 'flv' ? 'flv' : 'rtmp';
    const src = bases && on ? playUrl(bases, format, play) : '';
    const type: StreamType = stream === 'aux' ? 'aux' : 'main';
    if (track === 'video') {
      this.host.userController.video(user, type, on, src);
    } else if (type === 'main') {
      this.host.userController.audio(user, on, src);
    }
  }

  /** The native pusher runs while one is a publisher; the page has asked for it long ago. */
  private roleChanged(publisher: boolean): void {
    if (this.started && this.running !== publisher) {
      this.running = publisher;
      this.push.allowed();
      this.host.pusherInstance?.native(publisher ? 'start' : 'stop');
    }
  }

  /** The server takes no media any more. */
  private halt(): void {
    this.rest();
    this.host.pusherInstance?.native('stop');
    this.started = false;
    this.running = false;
  }
}

/** Among all users of all servers that one mini program may deal with. */
function userOf({ endpoint, app, user }: Entry): string {
  return JSON.stringify([endpoint.signal, app, user]);
}
