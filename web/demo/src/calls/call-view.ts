/** The page of a call: it rings, it goes on, it is hung up. */
import { iconButton, make, name, setIcon } from '../dom.js';
import { say } from '../language.js';
import { Stage } from '../stage.js';
import { topButtons } from '../top.js';
import type { Key } from '../texts.js';
import { face } from './faces.js';
import { Invite } from './invite.js';
import { Ringer } from './ringer.js';
import type { Talk } from './talk.js';
import { clock, namesOf, stateKey } from './words.js';

const SECOND_MS = 1000;

/** What the user does. */
export interface CallViewEvents {
  accept(camera: boolean): void;
  reject(): void;
  hangup(): void;
}

/** See the head of the file. */
export class CallView {
  readonly element: HTMLElement;
  private readonly stage: Stage;
  private readonly invite: Invite | null;
  private readonly ringer: Ringer;
  private readonly title = make('h1', { class: 'call-title' });
  private readonly status = make('span', { class: 'call-status', role: 'timer' });
  private readonly banner = make('p', { class: 'banner', role: 'status', text: 'cannotSend', hidden: true });
  private readonly waiting = make('div', { class: 'waiting', role: 'status' });
  private readonly awaited = make('ul', { class: 'awaited' });
  private readonly touch = make('button', { type: 'button', class: 'main touch', text: 'touch', hidden: true, 'data-act': 'touch' });
  private readonly buttons: Record<'mic' | 'camera' | 'flip' | 'end', HTMLButtonElement>;
  private readonly timer: number;
  private readonly pageTitle = document.title;
  private readonly heardMe = (): void => this.stage.heardMyself(this.talk.me.state.mic ? this.talk.me.level : 0);
  private waitingFor = '';

  constructor(
    private readonly talk: Talk,
    private readonly events: CallViewEvents,
  ) {
    const { me } = talk;
    this.stage = new Stage(talk.self, () => (this.touch.hidden = false), (users) => talk.setSeen(users), null);
    this.ringer = new Ringer((blocked) => this.invite?.blocked(blocked));
    this.invite = talk.phase === 'incoming' ? new Invite(talk, events) : null;
    this.buttons = {
      mic: iconButton('mic', 'mute', () => me.toggle('mic'), { 'data-act': 'mic' }),
      camera: iconButton('camera', 'cameraOff', () => me.toggle('camera'), { 'data-act': 'camera' }),
      flip: iconButton('flip', 'flip', () => me.flip(), { 'data-act': 'flip' }),
      end: iconButton('leave', 'cancelCall', () => this.events.hangup(), { class: 'danger', 'data-act': 'hangup' }),
    };
    this.touch.addEventListener('click', () => {
      this.touch.hidden = true;
      this.stage.unblock();
    });
    me.addEventListener('level', this.heardMe);
    this.timer = window.setInterval(() => this.tick(), SECOND_MS);
    this.element = this.build();
  }

  /** It is on the page. */
  begin(): void {
    this.invite?.begin();
    this.draw();
  }

  close(): void {
    window.clearInterval(this.timer);
    this.ringer.close();
    this.talk.me.removeEventListener('level', this.heardMe);
    this.stage.close();
    this.element.remove();
    document.title = this.pageTitle;
  }

  draw(): void {
    const { talk, element } = this;
    const { phase, others, many } = talk;
    this.ringer.set(phase === 'incoming' ? 'in' : phase === 'outgoing' && others.some(({ state }) => state === 'ringing') ? 'out' : null);
    Object.assign(element.dataset, { phase, media: talk.media, pair: String(!many), alone: String(talk.members.list.length === 0) });
    document.title = phase === 'incoming' ? say('incoming', { name: others[0]?.user ?? '' }) : this.pageTitle;
    this.title.textContent = namesOf(others.map(({ user }) => user));
    this.element.setAttribute('aria-label', say('callWith', { names: this.title.textContent }));
    if (phase === 'incoming') {
      this.invite?.show();
      return;
    }
    this.invite?.element.remove();
    this.stage.render(talk.shows);
    this.stage.show();
    this.drawWaiting();
    this.banner.hidden = talk.maySend !== false;
    this.drawButtons();
    this.tick();
  }

  private build(): HTMLElement {
    const { mic, camera, flip, end } = this.buttons;
    return make(
      'div',
      { class: 'call', role: 'region' },
      make('header', { class: 'bar' }, this.title, this.status, make('span', { class: 'gap' }), ...topButtons(() => this.draw())),
      this.banner,
      make('main', { class: 'middle' }, this.stage.element, this.waiting, this.touch),
      this.awaited,
      make('footer', { class: 'bar controls' }, mic, camera, flip, end),
      this.invite?.element ?? null,
    );
  }

  /** Those who are called, large, until somebody is there; then those who are still awaited, small. */
  private drawWaiting(): void {
    const { phase, others, many, members } = this.talk;
    const here = new Set(members.list.map(({ user }) => user));
    const alone = here.size === 0;
    const list = others.filter(({ user }) => !here.has(user));
    const shown = JSON.stringify([phase, alone, list, document.documentElement.lang]);
    if (shown === this.waitingFor) {
      return; // Pulsing faces begin anew with every new element.
    }
    this.waitingFor = shown;
    this.waiting.hidden = !alone;
    this.waiting.replaceChildren(
      make('div', { class: 'faces' }, ...others.map(({ user, state }) =>
        make('div', { class: 'awaits', 'data-awaits': user, 'data-state': state }, face(user, { large: true, pulse: state === 'ringing' || state === 'calling' }),
          make('b', {}, user), many && phase !== 'placing' ? make('small', { text: stateKey(state) }) : null))),
      make('p', {}, this.hint()),
    );
    this.awaited.hidden = alone || !many || list.length === 0;
    this.awaited.replaceChildren(...list.map(({ user, state }) =>
      make('li', { 'data-awaits': user, 'data-state': state }, face(user), make('span', {}, user), make('small', { text: stateKey(state) }))));
  }

  private hint(): string {
    const { phase, others, many } = this.talk;
    const rings = others.some(({ state }) => state === 'ringing');
    if (phase === 'answering' || phase === 'talking') {
      return say(phase === 'talking' && many ? 'waitingOthers' : 'connecting');
    }
    if (phase === 'placing') {
      return say('calling');
    }
    const open = others.filter(({ state }) => state === 'offline');
    return rings || open.length === 0 ? say('ringingThere') : open.length > 1 ? say('waitingOfflineMany') : say('waitingOffline', { name: open[0]?.user ?? '' });
  }

  private drawButtons(): void {
    const { mic, camera, flip, end } = this.buttons;
    const { me, media, phase, maySend } = this.talk;
    const { state } = me;
    mic.hidden = maySend === false;
    camera.hidden = maySend === false || media === 'audio';
    // Cameras on both sides are what phones and tablets have.
    flip.hidden = camera.hidden || !matchMedia('(pointer: coarse)').matches;
    flip.disabled = !(state.camera && state.hasCamera);
    // Before the devices are open, what is wanted is what counts.
    const micOn = state.mic && (state.hasMic || !me.opened);
    const cameraOn = state.camera && (state.hasCamera || !me.opened);
    name(mic, 'label', micOn ? 'mute' : 'unmute');
    mic.setAttribute('aria-pressed', String(!micOn));
    setIcon(mic, micOn ? 'mic' : 'micOff');
    name(camera, 'label', cameraOn ? 'cameraOff' : 'cameraOn');
    camera.setAttribute('aria-pressed', String(!cameraOn));
    setIcon(camera, cameraOn ? 'camera' : 'cameraOff');
    const words: Key = phase === 'talking' || phase === 'answering' ? 'hangUp' : 'cancelCall';
    name(end, 'label', words);
  }

  private tick(): void {
    const { phase, connectedMs } = this.talk;
    this.status.hidden = phase !== 'talking';
    this.status.textContent = phase === 'talking' ? clock(connectedMs) : '';
    this.status.setAttribute('aria-label', `${say('callTime')} ${clock(connectedMs)}`);
  }
}
