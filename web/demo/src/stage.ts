/** The tiles of a meeting in their grid. */
import type { StreamKind } from '@huitong/core';
import type { LivePlayer, LivePusher } from '@huitong/web-runtime';
import { make, name } from './dom.js';
import { gridFor, MOST_TILES } from './layout.js';
import { Speakers } from './speaker.js';
import { Tile } from './tile.js';
import type { Key } from './texts.js';
import type { Member } from './members.js';
import type { TileState } from './tile.js';

/** What is to be seen. */
export interface Show {
  user: string;
  stream: StreamKind;
  own: boolean;
  /** Address to play from; empty for one's own. */
  src: string;
  /** One's own picture; null for those of others. */
  pusher: LivePusher | null;
  /** Whether the picture is received. */
  picture: boolean;
  /** Its sound is heard elsewhere. */
  silent?: boolean;
  state: TileState;
}

/** The others with their streams; the pictures of those in `dark` are not received. `source` is where a key is played from. */
export function othersShown(members: { readonly list: readonly Member[] }, dark: ReadonlySet<string>, source: (play: string) => string): Show[] {
  return members.list.flatMap(({ user, away, streams }) => {
    const whose = { user, own: false, pusher: null };
    const main = streams.get('main');
    const aux = streams.get('aux');
    const state = { audio: main?.audio ?? false, video: main?.video ?? false, speaking: false, away };
    const shows: Show[] = [{ ...whose, stream: 'main', src: main ? source(main.play) : '', picture: state.video && !dark.has(user), state }];
    if (aux) {
      const { audio, video } = aux;
      shows.push({ ...whose, stream: 'aux', src: source(aux.play), picture: video, state: { audio, video, speaking: false, away } });
    }
    return shows;
  });
}

/** Receives the pictures of the others who are seen and of nobody else; `dark` has those whose picture is not received. */
export function receiveSeen(
  others: readonly { readonly user: string }[],
  dark: Set<string>,
  seen: ReadonlySet<string>,
  receive: (user: string, picture: boolean) => void,
): void {
  for (const { user } of others) {
    const picture = seen.has(user);
    if (picture === dark.has(user)) {
      receive(user, picture);
      dark[picture ? 'delete' : 'add'](user);
    }
  }
}

/** How often is looked who speaks, ms. */
const LOOK_MS = 250;

const idOf = ({ user, stream, own }: { user: string; stream: StreamKind; own: boolean }): string => `${own}/${stream}/${user}`;

/** See the head of the file. */
export class Stage {
  readonly element = make('div', { class: 'stage' });
  private readonly grid = make('div', { class: 'grid' });
  private readonly hint = make('p', { class: 'alone', hidden: true });
  private readonly tiles = new Map<string, Tile>();
  private readonly speakers = new Speakers();
  private readonly watcher = new ResizeObserver(() => this.arrange());
  private readonly timer: number;
  private silent = new Set<Tile>();
  /** The one who spoke last keeps a place among those that are seen. */
  private lastSpeaker = '';

  /**
   * `blocked` is called when sound needs a touch; `seen` when it changes which members are seen. `alone` is said while nobody
   * else is there.
   */
  constructor(
    private readonly me: string,
    private readonly blocked: () => void,
    private readonly seen: (users: ReadonlySet<string>) => void,
    private readonly alone: Key | null = 'alone',
  ) {
    if (alone) {
      name(this.hint, 'text', alone);
    }
    this.element.append(this.grid, this.hint);
    this.watcher.observe(this.element);
    this.timer = window.setInterval(() => this.listen(), LOOK_MS);
  }

  /** Brings the tiles to this. */
  render(shows: readonly Show[]): void {
    const wanted = new Set(shows.map(idOf));
    for (const [id, tile] of this.tiles) {
      if (!wanted.has(id)) {
        tile.remove();
        this.tiles.delete(id);
        this.speakers.forget(tile.user);
      }
    }
    for (const show of shows) {
      const tile = this.tiles.get(idOf(show)) ?? this.add(show);
      tile.update(show.state);
      if (!show.own) {
        tile.play(show.src, { audio: show.state.audio && !show.silent, video: show.picture });
      }
    }
    this.hint.hidden = !this.alone || shows.some(({ own }) => !own);
    this.arrange();
  }

  /** Says something else while nobody else is to be seen. */
  sayAlone(key: Key): void {
    name(this.hint, 'text', key);
  }

  /** One's own loudness. */
  heardMyself(volume: number): void {
    this.speakers.hear(this.me, volume, performance.now());
  }

  /** The page was touched: everybody may be heard now. */
  unblock(): void {
    this.silent.forEach(({ player }) => player?.removeAttribute('muted'));
    this.silent.clear();
    this.tiles.forEach(({ player }) => void player?.resume().catch(() => undefined));
  }

  /** Texts in the language as it is now. */
  show(): void {
    this.tiles.forEach((tile) => tile.show());
  }

  close(): void {
    window.clearInterval(this.timer);
    this.watcher.disconnect();
    this.tiles.forEach((tile) => tile.remove());
    this.tiles.clear();
  }

  private add(show: Show): Tile {
    const player = (): LivePlayer => {
      const element = document.createElement('live-player') as LivePlayer;
      element.setAttribute('mode', 'RTC');
      element.setAttribute('autoplay', '');
      return element;
    };
    const tile: Tile = new Tile(show.user, show.stream, show.own, show.pusher ?? player(), {
      volume: (user, volume) => this.speakers.hear(user, volume, performance.now()),
      blocked: () => this.silence(tile),
      reshaped: () => this.arrange(),
    });
    this.tiles.set(idOf(show), tile);
    this.grid.append(tile.element);
    return tile;
  }

  /** Without a touch a picture plays only without its sound. */
  private silence(tile: Tile): void {
    this.silent.add(tile);
    tile.player?.setAttribute('muted', '');
    tile.player?.resume().catch(() => undefined);
    this.blocked();
  }

  private listen(): void {
    const speaker = this.speakers.speaker(performance.now());
    if (speaker !== '' && speaker !== this.me && speaker !== this.lastSpeaker) {
      this.lastSpeaker = speaker;
      if (this.tiles.size > MOST_TILES) {
        this.arrange();
      }
    }
    for (const tile of this.tiles.values()) {
      const speaking = tile.stream === 'main' && tile.user === speaker;
      if (speaking !== (tile.element.dataset['speaking'] === 'true')) {
        tile.update({ speaking });
      }
    }
  }

  /** Screens first, then who spoke last, then in the order they came. */
  private arrange(): void {
    const rank = (tile: Tile): number => (tile.stream === 'aux' ? 0 : tile.user === this.lastSpeaker ? 1 : 2);
    const all = [...this.tiles.values()];
    const first = all.length > MOST_TILES ? [...all].sort((a, b) => rank(a) - rank(b)).slice(0, MOST_TILES) : all;
    const shown = new Set(first);
    const { clientWidth, clientHeight } = this.element;
    const screens = first.filter(({ stream }) => stream === 'aux');
    const shapes = first.map(({ shape }) => shape).filter((shape) => shape !== null);
    const { columns, rows } = gridFor(shown.size, clientWidth, clientHeight, shapes);
    this.grid.style.setProperty('--columns', String(columns));
    this.grid.style.setProperty('--rows', String(rows));
    this.grid.dataset['tiles'] = String(shown.size);
    this.element.dataset['screens'] = String(screens.length);
    for (const tile of all) {
      tile.element.classList.toggle('unseen', !shown.has(tile));
      tile.element.style.order = tile.stream === 'aux' ? '0' : '1';
    }
    this.seen(new Set(first.map(({ user }) => user)));
    requestAnimationFrame(() => first.forEach((tile) => tile.fit()));
  }
}
