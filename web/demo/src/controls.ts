/** The buttons for one's own devices. */
import { iconButton, name, setIcon } from './dom.js';
import type { Me } from './me.js';

/** See the head of the file. */
export class Controls {
  readonly elements: HTMLButtonElement[];
  private readonly buttons: Record<'mic' | 'camera' | 'flip' | 'share', HTMLButtonElement>;

  constructor(
    private readonly me: Me,
    share: () => void,
  ) {
    this.buttons = {
      mic: iconButton('mic', 'mute', () => me.toggle('mic'), { 'data-act': 'mic' }),
      camera: iconButton('camera', 'cameraOff', () => me.toggle('camera'), { 'data-act': 'camera' }),
      flip: iconButton('flip', 'flip', () => me.flip(), { 'data-act': 'flip' }),
      share: iconButton('screen', 'share', share, { 'data-act': 'share' }),
    };
    this.elements = Object.values(this.buttons);
  }

  /** As the devices are now. Who may not send has none of them; while it is not known (null), they do nothing. */
  draw(maySend: boolean | null, sharing: boolean): void {
    const { mic, camera, flip, share } = this.buttons;
    const { state } = this.me;
    for (const button of this.elements) {
      button.hidden = maySend === false;
      button.disabled = maySend !== true;
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
    name(share, 'label', sharing ? 'unshare' : 'share');
    share.setAttribute('aria-pressed', String(sharing));
  }
}
