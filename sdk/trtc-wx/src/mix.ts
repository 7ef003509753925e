/**
 * The voices of all others as one sound, for rooms in which more talk than a phone plays. A tag of the page's own, with the id
 * `mix`, plays it; the single streams come without sound meanwhile.
 */
import { playUrl } from '@huitong/core';
import type { Cancel, Platform, Room, VoiceLevel } from '@huitong/core';
import { settings } from '@huitong/wx-platform';
import { EVENT } from './events.js';
import type { EventCode } from './events.js';
import { Player } from './player.js';
import type { UserController } from './users.js';

/** The id of the tag; no stream has it, since theirs end with their type. */
export const MIX_ID = 'mix';
/** How often the server is asked how loud each voice is, ms: the tag knows only all together. */
const LEVELS_MS = 1000;

/** What the mix needs from the SDK. */
export interface MixHost {
  readonly ctx: unknown;
  readonly userController: UserController;
  emit(code: EventCode, data?: unknown): void;
}

/** See the head of the file. */
export class Mix {
  /** The page's tag while there is something to play. */
  player: Player | null = null;
  private wanted = false;
  private room: Room | null = null;
  private timer: Cancel | null = null;

  /** `changed` is called when single voices are to be heard, or no more. */
  constructor(
    private readonly host: MixHost,
    private readonly platform: Platform,
    private readonly changed: () => void,
  ) {}

  /** The page asks for the mix, or for it no more. */
  want(wanted: boolean): void {
    this.wanted = wanted;
    this.room?.wantMix(wanted);
    this.follow();
  }

  /** A stay begins. */
  begin(room: Room): void {
    this.room = room;
    room.wantMix(this.wanted);
  }

  /** The stay is over. `told`: whether there is a page to hear of it. */
  end(told: boolean): void {
    this.room = null;
    this.follow(told);
  }

  /** The server makes the mix, under another key perhaps, or makes it no more. */
  follow(told = true): void {
    const { room } = this;
    const key = this.wanted ? room?.mix : undefined;
    const src = room?.media && key ? playUrl(room.media, settings().play === 'flv' ? 'flv' : 'rtmp', key) : '';
    if (src === (this.player?.playerAttributes['src'] ?? '')) {
      return;
    }
    this.player = src === '' ? null : new Player(this.host.ctx, { id: MIX_ID, streamID: MIX_ID, src }, false);
    if (room) {
      this.changed();
    }
    this.measure();
    if (told) {
      this.host.emit(EVENT.REMOTE_MIX_UPDATE, { src });
    }
  }

  private measure(): void {
    this.timer?.();
    this.timer = this.player && this.platform.after(LEVELS_MS, () => {
      if (!this.platform.hidden()) {
        this.room?.levels((levels) => this.heard(levels));
      }
      this.measure();
    });
  }

  /** One event for all whose voice became louder or softer. */
  private heard(levels: VoiceLevel[]): void {
    const { userController } = this.host;
    let changed = false;
    for (const { user, level: volume } of this.player ? levels : []) {
      const player = userController.find(`${user}_main`);
      if (player && player.playerAttributes['volume'] !== volume) {
        player.setPlayerAttributes({ volume });
        changed = true;
      }
    }
    if (changed) {
      this.host.emit(EVENT.REMOTE_AUDIO_VOLUME_UPDATE, { playerList: userController.playerList() });
    }
  }
}
