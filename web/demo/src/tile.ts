/** One tile: a picture, or a letter where there is none, with name, state and network. */
import type { StreamKind } from '@huitong/core';
import type { Trouble } from '@huitong/web-media';
import type { LivePlayer, LivePusher } from '@huitong/web-runtime';
import { icon, make } from './dom.js';
import { say } from './language.js';
import { mayFill } from './layout.js';
import { troubleSentence } from './sentences.js';
import type { Key } from './texts.js';

/** A player that gave up is started again after this long, ms. */
const AGAIN_MS = 3000;

/** What a tile shows. */
export interface TileState {
  audio: boolean;
  video: boolean;
  away: boolean;
  speaking: boolean;
}

/** Whom a tile tells. */
export interface TileEvents {
  /** How loud it is, 0 to 100. */
  volume(user: string, volume: number): void;
  /** The browser plays sound only after a touch. */
  blocked(): void;
  /** The picture has another size. */
  reshaped(): void;
}

/** A colour for a name, the same everywhere. */
export function hueOf(name: string): number {
  return [...name].reduce((sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) % 360, 7);
}

/** See the head of the file. */
export class Tile {
  readonly element: HTMLElement;
  private readonly title = make('span', { class: 'tile-name' });
  private readonly micIcon = make('span', { class: 'tile-mic' }, icon('micOff'));
  private readonly bars = make('span', { class: 'quality', role: 'img', hidden: true }, make('i'), make('i'), make('i'), make('i'));
  private readonly note = make('p', { class: 'tile-note', role: 'status' });
  private state: TileState = { audio: false, video: false, away: false, speaking: false };
  private trouble: Trouble | null = null;
  private waiting = false;
  private timer = 0;
  private quality = 0;
  private lastShape: number | null = null;

  constructor(
    readonly user: string,
    readonly stream: StreamKind,
    private readonly own: boolean,
    private readonly media: LivePlayer | LivePusher,
    private readonly events: TileEvents,
  ) {
    const avatar = make('div', { class: 'avatar', 'aria-hidden': 'true' }, [...user][0]?.toUpperCase() ?? '?');
    avatar.style.setProperty('--hue', String(hueOf(user)));
    this.element = make(
      'article',
      { class: 'tile', 'data-user': user, 'data-stream': stream, 'data-own': own },
      media,
      avatar,
      this.note,
      make('div', { class: 'tile-foot' }, this.micIcon, this.title, this.bars),
    );
    media.addEventListener('audiovolumenotify', (event) => events.volume(user, (event as CustomEvent<{ volume: number }>).detail.volume));
    media.addEventListener('netstatus', (event) => this.netStatus((event as CustomEvent<{ info: { netQualityLevel: number; transport?: string } }>).detail.info));
    media.addEventListener('statechange', () => this.lookAtShape());
    if (!own) {
      this.watch(media as LivePlayer);
    }
    this.show();
  }

  /** The player, or null if this is one's own picture. */
  get player(): LivePlayer | null {
    return this.own ? null : (this.media as LivePlayer);
  }

  /** Width by height of the picture; null while there is none. */
  get shape(): number | null {
    const { videoWidth, videoHeight } = this.media.video;
    return this.state.video && videoWidth > 0 && videoHeight > 0 ? videoWidth / videoHeight : null;
  }

  update(state: Partial<TileState>): void {
    this.state = { ...this.state, ...state };
    this.show();
  }

  /** Plays what is at this address, with these tracks. */
  play(src: string, { audio, video }: { audio: boolean; video: boolean }): void {
    const { player } = this;
    if (!player) {
      return;
    }
    const tracks = [audio ? 'audio' : '', video ? 'video' : ''].join(' ').trim();
    player.setAttribute('tracks', tracks);
    if (tracks === '') {
      player.stop();
      player.removeAttribute('src');
      this.waiting = false;
    } else if (player.getAttribute('src') !== src) {
      this.waiting = true;
      player.setAttribute('src', src);
    }
    this.show();
  }

  /** The picture is fitted to the tile; called again when either has changed its size. */
  fit(): void {
    const { videoWidth: width, videoHeight: height } = this.media.video;
    const tile = { width: this.element.clientWidth, height: this.element.clientHeight };
    const fill = this.stream === 'main' && mayFill({ width, height }, tile);
    if (this.own) {
      this.media.video.style.objectFit = fill ? 'cover' : 'contain';
    } else {
      this.media.setAttribute('object-fit', fill ? 'fillCrop' : 'contain');
    }
  }

  remove(): void {
    window.clearTimeout(this.timer);
    this.player?.stop();
    this.element.remove();
  }

  /** Texts and marks, as language and state are now. */
  show(): void {
    const { user, stream, own, state, element, trouble } = this;
    element.dataset['audio'] = String(state.audio);
    element.dataset['video'] = String(state.video);
    element.dataset['away'] = String(state.away);
    element.dataset['speaking'] = String(state.speaking);
    const screen = stream === 'aux';
    this.title.textContent = screen ? (own ? say('yourScreen') : say('screenOf', { name: user })) : own ? say('youAre', { name: user }) : user;
    this.micIcon.hidden = screen || state.audio;
    const marks = [!screen && !state.audio ? say('muted') : '', !screen && !state.video ? say('noCamera') : '', state.away ? say('away') : ''];
    element.setAttribute('aria-label', [this.title.textContent, ...marks].filter((mark) => mark !== '').join(', '));
    const loading = this.waiting && state.video ? say('loading') : '';
    this.note.textContent = state.away ? say('away') : trouble ? troubleSentence(trouble, own) : loading;
    const words = say(`quality${this.quality}` as Key);
    this.bars.title = words;
    this.bars.setAttribute('aria-label', words);
  }

  private lookAtShape(): void {
    this.fit();
    const { shape } = this;
    if (shape !== this.lastShape) {
      this.lastShape = shape;
      this.events.reshaped();
    }
  }

  private watch(player: LivePlayer): void {
    player.addEventListener('statechange', () => {
      if (player.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        this.trouble = null;
        this.waiting = false;
      }
      this.show();
    });
    player.addEventListener('trouble', (event) => {
      this.trouble = (event as CustomEvent<{ trouble: Trouble }>).detail.trouble;
      this.show();
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => player.play(), AGAIN_MS);
    });
    player.addEventListener('blocked', () => this.events.blocked());
  }

  private netStatus(info: { netQualityLevel: number; transport?: string }): void {
    this.quality = Math.min(6, Math.max(0, info.netQualityLevel));
    this.bars.hidden = this.quality === 0;
    this.element.dataset['quality'] = String(this.quality);
    if (info.transport) {
      this.element.dataset['transport'] = info.transport;
    }
    // On a busy machine the first picture may have come before anybody listened for it.
    if (this.player && this.player.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      this.waiting = false;
    }
    this.show();
  }
}
