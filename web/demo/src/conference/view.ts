/** The page of a conference: bars, raised hands, stage, list, buttons. */
import type { ConferenceMember } from '@huitong/core';
import { conferenceLink } from '../address.js';
import { face } from '../calls/faces.js';
import { Controls } from '../controls.js';
import { icon, iconButton, make, name, oncePerTurn } from '../dom.js';
import { language, say } from '../language.js';
import type { Me } from '../me.js';
import { Stage } from '../stage.js';
import type { Toasts } from '../toasts.js';
import { brand, topButtons } from '../top.js';
import type { Gathering } from './gathering.js';
import { MixedSound } from './mixed.js';
import { Roll } from './roll.js';
import type { Entry } from './roll.js';
import { leftOut } from './words.js';

/** Raised hands that are shown at once; the others move up. */
const MOST_HANDS = 4;
const NOTHING = { audio: false, video: false };

/** What the page of a conference shows. */
export interface ConferenceViewOptions {
  gathering: Gathering;
  me: Me;
  toasts: Toasts;
  /** The name of the conference, as it was entered. */
  room: string;
  /** Whoever is invited needs a password. */
  secret: boolean;
}

/** See the head of the file. */
export class ConferenceView {
  readonly element: HTMLElement;
  private readonly stage: Stage;
  private readonly roll: Roll;
  private readonly controls: Controls;
  private readonly mixed = new MixedSound(() => (this.touch.hidden = false));
  private readonly hands = make('ul', { class: 'hands', label: 'hands', hidden: true });
  private readonly banner = make('p', { class: 'banner', role: 'status', hidden: true });
  private readonly touch = make('button', { type: 'button', class: 'main touch', text: 'touch', hidden: true, 'data-act': 'touch' });
  private readonly count = make('span', { class: 'count', 'data-count': true });
  private readonly topic = make('span', { class: 'topic' });
  private readonly handButton: HTMLButtonElement;
  private readonly peopleButton: HTMLButtonElement;
  private readonly question: HTMLDialogElement;
  private readonly heardMe: () => void;
  private handsShown = '';
  /** To be drawn anew, soon. */
  readonly changed = oncePerTurn(() => this.draw());

  constructor(private readonly options: ConferenceViewOptions) {
    const { gathering, me } = options;
    this.stage = new Stage(gathering.user, () => (this.touch.hidden = false), (users) => gathering.setSeen(users), 'aloneThere');
    this.roll = new Roll({
      close: () => this.toggleRoll(false),
      grant: (user, role) => gathering.grant(user, role),
      mute: (user, what) => gathering.mute(user, what),
      kick: (user) => gathering.kick(user),
      topic: (text) => gathering.setTopic(text),
      mixed: (on) => gathering.setMixed(on),
    });
    this.controls = new Controls(me, () => void gathering.share());
    this.handButton = iconButton('hand', 'raiseHand', () => gathering.raise(!gathering.handUp), { 'data-act': 'hand' });
    this.peopleButton = iconButton('people', 'people', () => this.toggleRoll(), { 'data-act': 'people', 'aria-expanded': 'false' });
    this.touch.addEventListener('click', () => {
      this.touch.hidden = true;
      this.stage.unblock();
      this.mixed.unblock();
    });
    this.question = this.buildQuestion();
    this.element = this.build();
    this.heardMe = () => this.stage.heardMyself(me.state.mic ? me.level : 0);
    me.addEventListener('level', this.heardMe);
  }

  close(): void {
    this.options.me.removeEventListener('level', this.heardMe);
    this.mixed.close();
    this.stage.close();
  }

  private build(): HTMLElement {
    const { room, toasts } = this.options;
    return make(
      'div',
      { class: 'meeting conference' },
      make(
        'header',
        { class: 'bar' },
        brand(),
        make('span', { class: 'room-name', role: 'heading', 'aria-level': '1', 'data-room': room }, room),
        this.topic,
        make('button', { type: 'button', class: 'plain invite-button', 'data-act': 'invite', label: 'invite', on: { click: () => void this.invite() } },
          icon('link'), make('span', { text: 'invite' })),
        make('span', { class: 'gap' }),
        this.count,
        ...topButtons(() => this.draw()),
      ),
      this.banner,
      this.hands,
      make('main', { class: 'middle' }, this.stage.element, this.roll.element, this.mixed.element, this.touch),
      make(
        'footer',
        { class: 'bar controls' },
        ...this.controls.elements, this.handButton, this.peopleButton,
        iconButton('leave', 'leave', () => this.leave(), { class: 'danger', 'data-act': 'leave' }),
      ),
      this.question,
      toasts.element,
    );
  }

  /** An admin is asked whether the others are to go on. */
  private buildQuestion(): HTMLDialogElement {
    const { gathering } = this.options;
    const close = (): void => this.question.close();
    return make(
      'dialog',
      { class: 'question', 'aria-labelledby': 'leave-which' },
      make('h2', { id: 'leave-which', text: 'leaveWhich' }),
      make('button', { type: 'button', class: 'main', text: 'justLeave', 'data-act': 'just-leave', on: { click: () => gathering.leave() } }),
      make('button', { type: 'button', class: 'main grave', text: 'endForAll', 'data-act': 'end', on: { click: () => { close(); gathering.endForAll(); } } }),
      make('button', { type: 'button', class: 'plain', text: 'stay', 'data-act': 'stay', on: { click: close } }),
    );
  }

  private leave(): void {
    const { gathering } = this.options;
    if (gathering.role === 'admin' && gathering.present) {
      this.question.showModal();
    } else {
      gathering.leave();
    }
  }

  private draw(): void {
    const { gathering } = this.options;
    if (!this.element.isConnected || !gathering.state) {
      return;
    }
    const { dataset } = this.element;
    Object.assign(dataset, { present: String(gathering.present), role: gathering.role, kind: gathering.kind });
    this.stage.sayAlone(gathering.kind === 'live' || gathering.others.length > 0 ? 'aloneOnStage' : 'aloneThere');
    this.stage.render(gathering.shows);
    this.stage.show();
    this.roll.show(this.people(), gathering.role === 'admin');
    this.roll.showMixed(gathering.mixSource === '' ? null : gathering.mixed);
    this.mixed.play(gathering.mixed ? gathering.mixSource : '');
    this.topic.textContent = gathering.topic;
    this.topic.title = gathering.topic;
    this.drawCount();
    this.drawBanner();
    this.drawHands([...gathering.hands.values()]);
    this.controls.draw(gathering.maySend, gathering.sharing);
    const { handUp } = gathering;
    this.handButton.hidden = gathering.role !== 'audience' || gathering.canSend !== true;
    name(this.handButton, 'label', handUp ? 'lowerHand' : 'raiseHand');
    this.handButton.setAttribute('aria-pressed', String(handUp));
  }

  private drawCount(): void {
    const { gathering } = this.options;
    const { others, role, audience } = gathering;
    const talkers = others.filter((member) => member.role !== 'audience').length + (role === 'audience' ? 0 : 1);
    this.count.textContent = gathering.kind === 'live' ? say('countLive', { talkers, audience }) : say('countThere', { count: others.length + 1 });
  }

  private drawBanner(): void {
    const { gathering } = this.options;
    const { noAudio = false, noVideo = false } = gathering.state ?? {};
    const key =
      !gathering.present ? 'reconnecting'
      : gathering.canSend === false ? 'watchOnly'
      : gathering.role !== 'audience' ? leftOut(noAudio, noVideo)
      : gathering.handUp ? 'handIsUp' : 'youListen';
    this.banner.hidden = key === null;
    this.banner.textContent = key ? say(key) : '';
  }

  /** Only when there is something new: a button must not be replaced under a finger. */
  private drawHands(raised: readonly ConferenceMember[]): void {
    const { gathering } = this.options;
    const shown = JSON.stringify([raised.map(({ member }) => member), language()]);
    if (shown === this.handsShown) {
      return;
    }
    this.handsShown = shown;
    this.hands.hidden = raised.length === 0;
    const waiting = raised.length - MOST_HANDS;
    this.hands.replaceChildren(...raised.slice(0, MOST_HANDS).map(({ user }) =>
      make('li', { 'data-hand': user }, face(user), make('span', {}, say('handOf', { name: user })),
        make('button', { type: 'button', class: 'main', text: 'letTalk', 'data-act': 'let-talk', on: { click: () => gathering.grant(user, 'talker') } }),
        make('button', { type: 'button', class: 'plain', text: 'notNow', 'data-act': 'not-now', on: { click: () => gathering.decline(user) } }))),
    ...(waiting > 0 ? [make('li', { class: 'more-hands' }, say('moreHands', { count: waiting }))] : []));
  }

  private people(): Entry[] {
    const { gathering, me } = this.options;
    const { noAudio = false, noVideo = false } = gathering.state ?? {};
    const { audio, video } = gathering.maySend ? me.sends : NOTHING;
    const roles = new Map(gathering.others.map(({ user, role }) => [user, role] as const));
    const others = gathering.members.map(({ user, away, streams }) => ({
      user, away, role: roles.get(user) ?? 'audience', own: false, audio: streams.get('main')?.audio ?? false, video: streams.get('main')?.video ?? false,
      leftOut: gathering.leftOut.get(user) ?? NOTHING, hand: gathering.hands.has(user),
    }));
    const own = { user: gathering.user, role: gathering.role, own: true, audio: audio && !noAudio, video: video && !noVideo };
    return [{ ...own, away: false, leftOut: NOTHING, hand: gathering.handUp }, ...others];
  }

  private toggleRoll(open = this.roll.element.hidden): void {
    this.roll.element.hidden = !open;
    this.peopleButton.setAttribute('aria-expanded', String(open));
    if (open) {
      this.roll.focus();
    } else {
      this.peopleButton.focus();
    }
  }

  private invite(): Promise<void> {
    const { room, secret, toasts } = this.options;
    return toasts.copy(conferenceLink(location.href, room), say(secret ? 'invitedSecret' : 'invited'));
  }
}
