/** The seats of a voice room: a face each, with a ring that follows the voice. */
import type { LivePlayer } from '@huitong/web-runtime';
import { face } from '../calls/faces.js';
import { icon, make } from '../dom.js';
import { say } from '../language.js';

/** Seats that are always drawn, taken or free. */
const PLACES = 8;
/** A player that gave up is started again after this long, ms. */
const AGAIN_MS = 3000;
/** Without a word of a player for so long it is quiet, ms. */
const QUIET_MS = 1500;
/** How often rings are drawn, ms. */
const RING_MS = 100;

/** Somebody on a seat. */
export interface Seat {
  user: string;
  own: boolean;
  /** The microphone is open. */
  open: boolean;
  /** The connection is lost for the moment. */
  away: boolean;
  /** Where the voice is played from; empty if there is none, or it is one's own. */
  src: string;
}

/** One seat that is taken. */
class Place {
  readonly element: HTMLElement;
  private readonly label = make('span', { class: 'seat-name' });
  private readonly note = make('small');
  private readonly mark = make('span', { class: 'seat-mark' }, icon('micOff'));
  private readonly player: LivePlayer | null;
  private timer = 0;
  private volume = 0;
  private heardAt = 0;

  constructor(
    readonly user: string,
    own: boolean,
    blocked: () => void,
  ) {
    this.player = own ? null : (document.createElement('live-player') as LivePlayer);
    this.element = make(
      'li',
      { class: 'seat', 'data-seat': user, 'data-own': own },
      make('span', { class: 'seat-face' }, face(user), this.mark),
      this.label,
      this.note,
      this.player,
    );
    if (this.player) {
      this.player.setAttribute('mode', 'RTC');
      this.player.setAttribute('autoplay', '');
      this.follow(this.player, blocked);
    }
  }

  /** Somebody is this loud now. */
  hear(volume: number): void {
    this.volume = volume;
    this.heardAt = Date.now();
  }

  show({ own, open, away, src }: Seat, audible: boolean): void {
    this.element.dataset['open'] = String(open);
    this.element.dataset['away'] = String(away);
    this.label.textContent = own ? say('youAre', { name: this.user }) : this.user;
    this.mark.hidden = open;
    this.note.textContent = away ? say('away') : open ? '' : say('listening');
    const { player } = this;
    if (!player) {
      return;
    }
    player.setAttribute('mute-audio', String(!audible));
    if (src === '') {
      player.stop();
      player.removeAttribute('src');
    } else if (player.getAttribute('src') !== src) {
      player.setAttribute('tracks', 'audio');
      player.setAttribute('src', src);
    }
  }

  /** The ring, as the voice is now. */
  ring(audible: boolean): void {
    const open = this.element.dataset['open'] === 'true';
    const fresh = Date.now() - this.heardAt < QUIET_MS;
    const level = open && fresh && (audible || !this.player) ? this.volume : 0;
    this.element.style.setProperty('--level', String(level / 100));
    this.element.dataset['level'] = String(level);
  }

  unblock(): void {
    void this.player?.play();
  }

  remove(): void {
    window.clearTimeout(this.timer);
    this.player?.stop();
    this.element.remove();
  }

  private follow(player: LivePlayer, blocked: () => void): void {
    player.addEventListener('audiovolumenotify', (event) => this.hear((event as CustomEvent<{ volume: number }>).detail.volume));
    player.addEventListener('blocked', blocked);
    player.addEventListener('trouble', () => {
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => player.play(), AGAIN_MS);
    });
  }
}

/** See the head of the file. */
export class Seats {
  readonly element = make('ul', { class: 'seats', label: 'seats' });
  private readonly places = new Map<string, Place>();
  private audible = true;
  private readonly timer = window.setInterval(() => this.places.forEach((place) => place.ring(this.audible)), RING_MS);

  /** `blocked` is called when sound needs a touch. */
  constructor(private readonly blocked: () => void) {}

  /** Brings the seats to this. A seat that stays keeps its player. */
  show(seats: readonly Seat[], audible: boolean): void {
    this.audible = audible;
    const wanted = new Set(seats.map(({ user }) => user));
    for (const [user, place] of [...this.places]) {
      if (!wanted.has(user)) {
        place.remove();
        this.places.delete(user);
      }
    }
    this.element.querySelectorAll('.free').forEach((free) => free.remove());
    for (const seat of seats) {
      let place = this.places.get(seat.user);
      if (!place) {
        place = new Place(seat.user, seat.own, this.blocked);
        this.places.set(seat.user, place);
        this.element.append(place.element);
      }
      place.show(seat, audible);
    }
    for (let free = seats.length; free < PLACES; free++) {
      this.element.append(make('li', { class: 'seat free' }, make('span', { class: 'seat-face' }, icon('plus')), make('small', { text: 'freeSeat' })));
    }
  }

  /** One's own voice is this loud. */
  heardMyself(user: string, volume: number): void {
    this.places.get(user)?.hear(volume);
  }

  /** After a touch the browser plays. */
  unblock(): void {
    this.places.forEach((place) => place.unblock());
  }

  close(): void {
    window.clearInterval(this.timer);
    this.places.forEach((place) => place.remove());
    this.places.clear();
  }
}
