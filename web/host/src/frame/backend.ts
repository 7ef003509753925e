/** The engine's browser backend, with what mini programs expect of it beyond. */
import * as glassEasel from 'glass-easel';
import { isReached, makeReachable, watchKeys } from '../components/reach.js';
import { inlineStyle } from '../wxss.js';

/** Events of elements that pages listen to and that are not of components. Those of components come from the components. */
const OF_ELEMENTS = new Set([
  'touchstart', 'touchmove', 'touchend', 'touchcancel', 'click', 'transitionend', 'animationstart', 'animationiteration', 'animationend',
]);

/** A finger that rests this long presses long, ms, if it moves less than so many px. */
const LONG_PRESS = { ms: 350, px: 10 };

type Trigger = (event: Event, type: string, detail: unknown, bubbles: boolean, composed: boolean) => void;

/** See the head of the file. */
export class Backend extends glassEasel.CurrentWindowBackendContext {
  private readonly sheets = new Map<string, HTMLStyleElement>();
  private readonly texts = new Map<string, string>();

  constructor() {
    super();
    this.onEvent((target, type, detail, options) => {
      const event = new glassEasel.Event(type, detail, {
        ...options,
        extraFields: { touches: touches(options.originalEvent, 'touches'), changedTouches: touches(options.originalEvent, 'changedTouches') },
      } as any);
      glassEasel.Event.dispatchEvent(target as any, event as any);
      return event.getEventBubbleStatus() as any;
    });
    this.watchLongPress();
    watchKeys();
    this.watchPresses();
  }

  override registerStyleSheetContent(path: string, content: unknown): void {
    this.texts.set(path, String(content));
  }

  /** Every sheet once, however many pages and components use it. */
  override appendStyleSheetPath(path: string): number {
    if (!this.sheets.has(path)) {
      const style = document.createElement('style');
      style.textContent = this.texts.get(path) ?? '';
      style.dataset['path'] = path;
      // The application's comes first, so that those of pages and components win over it.
      if (path === 'app') {
        document.head.querySelector('style[data-path]')?.before(style);
      }
      if (!style.isConnected) {
        document.head.append(style);
      }
      this.sheets.set(path, style);
    }
    return [...this.sheets.keys()].indexOf(path);
  }

  /** A page's sheet counts while the page is on top: all pages write their class names plain. */
  showOnly(page: string, pages: readonly string[]): void {
    for (const [path, style] of this.sheets) {
      style.media = path === page || !pages.includes(path) ? 'all' : 'not all';
    }
  }

  override setListenerStats(element: any, type: string, capture: boolean, level: any): void {
    if (type === 'tap' && element instanceof HTMLElement) {
      makeReachable(element);
    }
    if (OF_ELEMENTS.has(type)) {
      super.setListenerStats(element, type, capture, level);
    }
  }

  private trigger(event: Event, type: string, detail: unknown): void {
    (this as unknown as { _$trigger: Trigger })._$trigger(event, type, detail, true, true);
  }

  /** Taps come of fingers and mice; a press by a keyboard or by a screen reader is a click without either. */
  private watchPresses(): void {
    document.addEventListener('click', (event) => {
      const { target } = event;
      const pressed = isReached(target) || (target instanceof HTMLButtonElement && !target.disabled);
      if (event.detail === 0 && pressed) {
        const { left, top, width, height } = target.getBoundingClientRect();
        this.trigger(event, 'tap', { x: left + width / 2, y: top + height / 2 });
      }
    });
  }

  private watchLongPress(): void {
    let timer = 0;
    let at = { x: 0, y: 0 };
    const stop = (): void => window.clearTimeout(timer);
    document.addEventListener('pointerdown', (event) => {
      at = { x: event.clientX, y: event.clientY };
      stop();
      timer = window.setTimeout(() => {
        this.trigger(event, 'longpress', at);
        this.trigger(event, 'longtap', at);
      }, LONG_PRESS.ms);
    }, { capture: true });
    document.addEventListener('pointermove', (event) => {
      if (Math.hypot(event.clientX - at.x, event.clientY - at.y) > LONG_PRESS.px) {
        stop();
      }
    }, { capture: true });
    for (const name of ['pointerup', 'pointercancel']) {
      document.addEventListener(name, stop, { capture: true });
    }
  }
}

/** The fingers of an event as pages see them; a mouse is one finger. */
function touches(event: unknown, name: 'touches' | 'changedTouches'): object[] {
  const one = (touch: { clientX: number; clientY: number; pageX: number; pageY: number }, identifier: number): object =>
    ({ identifier, clientX: touch.clientX, clientY: touch.clientY, pageX: touch.pageX, pageY: touch.pageY });
  if (typeof TouchEvent !== 'undefined' && event instanceof TouchEvent) {
    return [...event[name]].map((touch) => one(touch, touch.identifier));
  }
  return event instanceof MouseEvent ? [one(event, 0)] : [];
}

let patched = false;

/** Styles in templates may have lengths in `rpx`. */
export function patchStyles(): void {
  if (patched) {
    return;
  }
  patched = true;
  const proto = glassEasel.Element.prototype as any;
  const plain = proto.setNodeStyle as (this: unknown, style: string, index?: number) => void;
  proto.setNodeStyle = function setNodeStyle(this: unknown, style: string, index?: number): void {
    plain.call(this, inlineStyle(String(style)), index);
  };
}
