/** What both elements have in common: a video in a shadow, events as the native components tell them, and clocks. */
import { NETSTATUS_MS, VOLUME_MS } from './codes.js';

const STYLE = `
:host { display: block; position: relative; overflow: hidden; background: #000; }
:host([hidden]) { display: none; }
video { width: 100%; height: 100%; display: block; }
`;

let sheet: CSSStyleSheet | null = null;

/** A constructed sheet, because a strict content security policy forbids style elements. */
function adopt(root: ShadowRoot): void {
  if ('adoptedStyleSheets' in root) {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
    }
    root.adoptedStyleSheets = [sheet];
  }
}

/** See the head of the file. */
export abstract class MediaElement extends HTMLElement {
  protected readonly root: ShadowRoot;
  protected screen: HTMLVideoElement;
  private clocks: number[] = [];

  constructor() {
    super();
    this.root = this.attachShadow({ mode: 'open' });
    adopt(this.root);
    this.screen = this.newScreen();
  }

  /** The video element inside, for those who count frames or take its sound. It is a new one after each start. */
  get video(): HTMLVideoElement {
    return this.screen;
  }

  /** A fresh video element in place of the present one: what sound graphs and old sources did to it is gone with it. */
  protected newScreen(): HTMLVideoElement {
    const video = document.createElement('video');
    video.playsInline = true;
    video.autoplay = true;
    video.disablePictureInPicture = false;
    for (const name of ['enterpictureinpicture', 'leavepictureinpicture']) {
      video.addEventListener(name, () => this.tell(name, {}));
    }
    this.root.replaceChildren(video);
    this.screen = video;
    return video;
  }

  /** Runs when the element has left the page. One that only moves within it goes on. */
  protected whenGone(run: () => void): void {
    queueMicrotask(() => {
      if (!this.isConnected) {
        run();
      }
    });
  }

  /** Tells an event of the native component. */
  protected tell(name: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  protected state(code: number, message: string): void {
    this.tell('statechange', { code, message });
  }

  /** Starts the periodic events. */
  protected startClocks(net: () => void, volume: () => void): void {
    this.stopClocks();
    this.clocks = [window.setInterval(net, NETSTATUS_MS), window.setInterval(volume, VOLUME_MS)];
  }

  protected stopClocks(): void {
    this.clocks.splice(0).forEach((clock) => window.clearInterval(clock));
  }
}
