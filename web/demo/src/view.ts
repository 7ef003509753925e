/** The page of a meeting: bars, stage, list, buttons. */
import { roomLink } from './address.js';
import { iconButton, make, name, setIcon } from './dom.js';
import { say } from './language.js';
import type { Me } from './me.js';
import { Meeting } from './meeting.js';
import type { MeetingOptions } from './meeting.js';
import { People } from './people.js';
import type { Person } from './people.js';
import { Stage } from './stage.js';
import { Toasts } from './toasts.js';
import { brand, topButtons } from './top.js';

/** See the head of the file. */
export class MeetingView {
  readonly element: HTMLElement;
  private readonly meeting: Meeting;
  private readonly stage: Stage;
  private readonly toasts = new Toasts();
  private readonly people: People;
  private readonly banner = make('p', { class: 'banner', role: 'status', hidden: true });
  private readonly touch = make('button', { type: 'button', class: 'main touch', text: 'touch', hidden: true, 'data-act': 'touch' });
  private readonly count = make('span', { class: 'count', 'data-count': true });
  private readonly buttons: Record<'mic' | 'camera' | 'flip' | 'share' | 'people', HTMLButtonElement>;
  private readonly heardMe: () => void;
  /** Drawn once for all changes of one turn. */
  private due = false;

  constructor(
    private readonly options: MeetingOptions,
    private readonly roomName: string,
    over: (sentence: string) => void,
  ) {
    const { me, credential } = options;
    this.stage = new Stage(credential.user, () => (this.touch.hidden = false), (users) => this.meeting.setSeen(users));
    this.people = new People(() => this.togglePeople(false));
    this.buttons = {
      mic: iconButton('mic', 'mute', () => me.toggle('mic'), { 'data-act': 'mic' }),
      camera: iconButton('camera', 'cameraOff', () => me.toggle('camera'), { 'data-act': 'camera' }),
      flip: iconButton('flip', 'flip', () => me.flip(), { 'data-act': 'flip' }),
      share: iconButton('screen', 'share', () => void this.meeting.share(), { 'data-act': 'share' }),
      people: iconButton('people', 'people', () => this.togglePeople(), { 'data-act': 'people', 'aria-expanded': 'false' }),
    };
    this.touch.addEventListener('click', () => {
      this.touch.hidden = true;
      this.stage.unblock();
    });
    this.element = this.build();
    this.heardMe = () => this.stage.heardMyself(me.state.mic ? me.level : 0);
    me.addEventListener('level', this.heardMe);
    this.meeting = new Meeting(options, {
      changed: () => this.changed(),
      say: (sentence, kind) => this.toasts.say(sentence, kind),
      over: (sentence) => {
        me.removeEventListener('level', this.heardMe);
        this.stage.close();
        over(sentence);
      },
    });
    this.changed();
  }

  private build(): HTMLElement {
    const { mic, camera, flip, share, people } = this.buttons;
    return make(
      'div',
      { class: 'meeting' },
      make(
        'header',
        { class: 'bar' },
        brand(),
        make('span', { class: 'room-name', 'data-room': this.roomName }, this.roomName),
        make('button', { type: 'button', class: 'plain', 'data-act': 'copy', text: 'copy', on: { click: () => void this.copy() } }),
        make('span', { class: 'gap' }),
        this.count,
        ...topButtons(() => this.draw()),
      ),
      this.banner,
      make('main', { class: 'middle' }, this.stage.element, this.people.element, this.touch),
      make(
        'footer',
        { class: 'bar controls' },
        mic, camera, flip, share, people,
        iconButton('leave', 'leave', () => this.meeting.leave(), { class: 'danger', 'data-act': 'leave' }),
      ),
      this.toasts.element,
    );
  }

  private changed(): void {
    if (!this.due) {
      this.due = true;
      queueMicrotask(() => {
        this.due = false;
        this.draw();
      });
    }
  }

  private draw(): void {
    const { meeting, options } = this;
    if (!this.element.isConnected) {
      return;
    }
    this.stage.render(meeting.shows);
    this.stage.show();
    this.people.show(this.persons());
    this.count.textContent = say('count', { count: meeting.members.list.length + 1 });
    this.element.dataset['present'] = String(meeting.present);
    this.banner.hidden = meeting.maySend !== false;
    this.banner.textContent = meeting.maySend === false ? say('watchOnly') : '';
    this.drawButtons(options.me);
  }

  private drawButtons(me: Me): void {
    const { mic, camera, flip, share } = this.buttons;
    const { state } = me;
    const maySend = this.meeting.maySend === true;
    for (const button of [mic, camera, flip, share]) {
      button.hidden = this.meeting.maySend === false;
      button.disabled = !maySend;
    }
    // Cameras on both sides are what phones and tablets have.
    flip.hidden ||= !matchMedia('(pointer: coarse)').matches;
    flip.disabled ||= !(state.camera && state.hasCamera);
    share.hidden ||= !('getDisplayMedia' in (navigator.mediaDevices ?? {}));
    const [micOn, cameraOn] = [state.mic && state.hasMic, state.camera && state.hasCamera];
    name(mic, 'label', micOn ? 'mute' : 'unmute');
    mic.setAttribute('aria-pressed', String(!micOn));
    setIcon(mic, micOn ? 'mic' : 'micOff');
    setIcon(camera, cameraOn ? 'camera' : 'cameraOff');
    name(camera, 'label', cameraOn ? 'cameraOff' : 'cameraOn');
    camera.setAttribute('aria-pressed', String(!cameraOn));
    name(share, 'label', this.meeting.sharing ? 'unshare' : 'share');
    share.setAttribute('aria-pressed', String(this.meeting.sharing));
  }

  private persons(): Person[] {
    const { meeting, options } = this;
    const { audio, video } = meeting.maySend ? options.me.sends : { audio: false, video: false };
    const others = meeting.members.list.map(({ user, away, streams }) => {
      const main = streams.get('main');
      return { user, own: false, audio: main?.audio ?? false, video: main?.video ?? false, away };
    });
    return [{ user: meeting.user, own: true, audio, video, away: false }, ...others];
  }

  private togglePeople(open = this.people.element.hidden): void {
    this.people.element.hidden = !open;
    this.buttons.people.setAttribute('aria-expanded', String(open));
    if (!open) {
      this.buttons.people.focus();
    }
  }

  private async copy(): Promise<void> {
    const link = roomLink(location.href, this.roomName);
    try {
      await navigator.clipboard.writeText(link);
      this.toasts.say(say('copied'));
    } catch {
      this.toasts.say(say('copyFailed', { link }), 'warn');
    }
  }
}
