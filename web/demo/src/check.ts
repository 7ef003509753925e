/** One's own camera and microphone, to be checked before anything is sent. */
import type { Trouble } from '@huitong/web-media';
import { iconButton, make, name, setIcon } from './dom.js';
import type { Me } from './me.js';
import { troubleSentence } from './sentences.js';

/** Segments of the level meter. */
const SEGMENTS = 20;

/** See the head of the file. */
export class Check {
  readonly element: HTMLElement;
  private readonly notice = make('p', { class: 'notice', role: 'status', 'data-notice': 'devices' });
  private readonly level = make('div', { class: 'level', role: 'meter', label: 'level', 'aria-valuemin': '0', 'aria-valuemax': '100' });
  private readonly selects = make('div', { class: 'selects' });
  private readonly stage = make('div', { class: 'preview' });
  private readonly micButton: HTMLButtonElement;
  private readonly cameraButton: HTMLButtonElement;
  private readonly undo: (() => void)[] = [];
  private trouble: Trouble | null = null;

  constructor(private readonly me: Me) {
    this.micButton = iconButton('mic', 'mute', () => me.toggle('mic'), { 'data-act': 'mic' });
    this.cameraButton = iconButton('camera', 'cameraOff', () => me.toggle('camera'), { 'data-act': 'camera' });
    for (let segment = 0; segment < SEGMENTS; segment++) {
      this.level.append(make('i'));
    }
    this.element = this.build();
    this.listen('change', () => {
      // What is there now needs no sentence any more.
      const { hasCamera, hasMic } = me.state;
      this.trouble = hasCamera && hasMic ? null : this.trouble;
      this.show();
    });
    this.listen('level', () => this.showLevel());
    this.listen('trouble', (event) => {
      this.trouble = (event as CustomEvent<Trouble>).detail;
      this.show();
    });
    this.show();
    void this.openIfAllowed();
  }

  /** The devices are shown elsewhere from now on, or closed. */
  close(): void {
    this.undo.splice(0).forEach((run) => run());
  }

  /** Draws everything in the language as it is now. */
  show(): void {
    const { me } = this;
    const { hasCamera, hasMic } = me.state;
    const mic = me.state.mic && (hasMic || !me.opened);
    const camera = me.state.camera && (hasCamera || !me.opened);
    this.stage.dataset['state'] = !me.opened ? 'ask' : camera ? 'on' : 'off';
    setIcon(this.micButton, mic ? 'mic' : 'micOff');
    name(this.micButton, 'label', mic ? 'mute' : 'unmute');
    this.micButton.setAttribute('aria-pressed', String(!mic));
    setIcon(this.cameraButton, camera ? 'camera' : 'cameraOff');
    name(this.cameraButton, 'label', camera ? 'cameraOff' : 'cameraOn');
    this.cameraButton.setAttribute('aria-pressed', String(!camera));
    this.notice.textContent = this.trouble ? troubleSentence(this.trouble, true) : '';
  }

  private build(): HTMLElement {
    const turnOn = make('button', { type: 'button', class: 'main', text: 'turnOn', 'data-act': 'turn-on', on: { click: () => void this.open() } });
    const off = make('div', { class: 'preview-off' }, make('p', { text: 'cameraIsOff' }));
    const ask = make('div', { class: 'preview-ask' }, turnOn, make('p', { text: 'checkHelp' }));
    this.stage.append(this.me.pusher, off, ask, make('div', { class: 'preview-buttons' }, this.micButton, this.cameraButton));
    return make(
      'section',
      { class: 'check' },
      this.stage,
      make('div', { class: 'level-row' }, this.level, make('small', { text: 'speakNow' })),
      this.selects,
      this.notice,
    );
  }

  private listen(event: string, run: (event: Event) => void): void {
    this.me.addEventListener(event, run);
    this.undo.push(() => this.me.removeEventListener(event, run));
  }

  /** Who allowed the camera before is not asked to press a button for it. */
  private async openIfAllowed(): Promise<void> {
    if (this.me.opened) {
      await this.fillSelects();
      return;
    }
    try {
      const { state } = await navigator.permissions.query({ name: 'camera' as PermissionName });
      if (state === 'granted') {
        await this.open();
      }
    } catch {
      // The browser does not tell; the button asks.
    }
  }

  private async open(): Promise<void> {
    this.trouble = null;
    await this.me.open();
    await this.fillSelects();
  }

  private async fillSelects(): Promise<void> {
    const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const select = (kind: 'camera' | 'microphone'): HTMLElement | null => {
      const devices = all.filter((device) => device.kind === (kind === 'camera' ? 'videoinput' : 'audioinput') && device.deviceId !== '');
      if (devices.length < 2) {
        return null;
      }
      const { me } = this;
      const present = me.pusher.getAttribute(`${kind}-id`);
      const choose = (event: Event): void => me.choose(kind, (event.target as HTMLSelectElement).value);
      const list = make('select', { id: kind, on: { change: choose } });
      list.append(...devices.map(({ deviceId, label }) => make('option', { value: deviceId, selected: deviceId === present }, label)));
      return make('div', { class: 'row' }, make('label', { for: kind, text: kind }), list);
    };
    this.selects.replaceChildren(...[select('camera'), select('microphone')].filter((row) => row !== null));
  }

  private showLevel(): void {
    const { level } = this.me;
    this.level.setAttribute('aria-valuenow', String(level));
    [...this.level.children].forEach((segment, at) => segment.toggleAttribute('data-lit', level > (100 * at) / SEGMENTS));
  }
}
