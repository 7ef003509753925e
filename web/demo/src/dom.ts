/** Makes elements; texts follow the language by the names they carry. */
import { say } from './language.js';
import type { Key } from './texts.js';

/** Attributes and properties of a new element. */
export interface Parts {
  /** Name of its text. */
  text?: Key;
  /** Name of the text that is its label and tooltip. */
  label?: Key;
  /** Name of the text that stands in an empty field. */
  hint?: Key;
  class?: string;
  on?: Record<string, (event: Event) => void>;
  [attribute: string]: unknown;
}

/** A new element with attributes and children. `true` is an attribute without value, `false` and undefined are none. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  parts: Parts = {},
  ...children: (Node | string | null)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(parts)) {
    if (name === 'on') {
      Object.entries(parts.on ?? {}).forEach(([event, run]) => element.addEventListener(event, run));
    } else if (name === 'text' || name === 'label' || name === 'hint') {
      element.dataset[name] = String(value);
    } else if (value === true) {
      element.setAttribute(name, '');
    } else if (value !== false && value !== undefined && value !== null) {
      element.setAttribute(name, String(value));
    }
  }
  element.append(...children.filter((child): child is Node | string => child !== null));
  translate(element);
  return element;
}

/** Gives an element another named text. */
export function name(element: HTMLElement, as: 'text' | 'label', key: Key): void {
  if (element.dataset[as] !== key) {
    element.dataset[as] = key;
    translate(element);
  }
}

/** Fills in the named texts of an element, as the language is now. */
export function translate(element: HTMLElement): void {
  const { text, label, hint } = element.dataset;
  if (text) {
    element.textContent = say(text as Key);
  }
  if (label) {
    element.setAttribute('aria-label', say(label as Key));
    element.title = say(label as Key);
  }
  if (hint) {
    element.setAttribute('placeholder', say(hint as Key));
  }
}

/** The same for everything below. */
export function translateAll(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>('[data-text], [data-label], [data-hint]').forEach(translate);
}

/** Strokes on a field of 24 by 24. */
const ICONS = {
  mic: 'M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5 11a7 7 0 0 0 14 0M12 18v3',
  micOff: 'M9 9v3a3 3 0 0 0 5 2.2M15 11V6a3 3 0 0 0-5.9-.8M5 11a7 7 0 0 0 11.5 5.4M19 11a7 7 0 0 1-.6 2.8M12 18v3M4 3l16 18',
  camera: 'M4 6.5h9a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM15 11l6-3.5v9L15 13',
  cameraOff: 'M9 6.5h4a2 2 0 0 1 2 2V11l6-3.5v9L18 15M14.500 16.800A2 2 0 0 1 13 17.500H4a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2h.5M3 3l18 18',
  screen: 'M4 4h16a1.500 1.500 0 0 1 1.500 1.500v10A1.500 1.500 0 0 1 20 17H4a1.500 1.500 0 0 1-1.500-1.500v-10A1.500 1.500 0 0 1 4 4zM8 21h8M12 13.500V8M9.500 10 12 7.500l2.500 2.500',
  leave: 'M3.500 14.500c-1-3 3.500-6 8.500-6s9.500 3 8.500 6l-.4 1.300c-.2.6-.8.9-1.400.8l-2.800-.6c-.5-.1-.9-.6-.9-1.100v-1.600c-2-.6-4-.6-6 0v1.600c0 .5-.4 1-.9 1.100l-2.800.6c-.6.1-1.200-.2-1.400-.8z',
  link: 'M10 14a4 4 0 0 0 5.700 0l3-3a4 4 0 1 0-5.700-5.700l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3A4 4 0 1 0 11 18.700l1-1',
  people: 'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20c0-3.500 3-5.500 6.500-5.500s6.500 2 6.500 5.500M16 4.500a3.500 3.500 0 0 1 0 6.300M18 15c2.200.7 3.500 2.500 3.500 5',
  globe: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c3 3 3.500 6 3.500 9s-.5 6-3.500 9c-3-3-3.500-6-3.500-9S9 6 12 3z',
  theme: 'M12 3a9 9 0 1 0 9 9c-1.500 1-3 1.500-4.500 1.200A6.500 6.500 0 0 1 11 7.500C10.800 6 11.200 4.500 12 3z',
  flip: 'M4 8.500A1.500 1.500 0 0 1 5.500 7H8l1.500-2h5L16 7h2.500A1.500 1.500 0 0 1 20 8.500v9a1.500 1.500 0 0 1-1.500 1.500h-13A1.500 1.500 0 0 1 4 17.500zM8.500 12.500a3.500 3.500 0 0 1 6.500-1.500M15 8.700V11h-2.300M15.500 13.500A3.500 3.500 0 0 1 9 15M9 17.300V15h2.300',
  phone: 'M6.5 4h2.600l1.400 4-2 1.600a11 11 0 0 0 5.900 5.900l1.600-2 4 1.400v2.600a2 2 0 0 1-2.200 2A16 16 0 0 1 4.500 6.200 2 2 0 0 1 6.500 4z',
  out: 'M8 16 17 7M9.500 7H17v7.500',
  into: 'M17 7 8 16M15.500 16H8V8.500',
  hand: 'M8 12.500V6.500a1.500 1.500 0 0 1 3 0V11M11 10.500v-6a1.500 1.500 0 0 1 3 0v6M14 10.500V6a1.500 1.500 0 0 1 3 0v8a6.500 6.500 0 0 1-6.500 6.500c-2.500 0-4-1-5.200-3.200L3.200 13.500a1.500 1.500 0 0 1 2.500-1.600L8 15',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  plus: 'M12 5v14M5 12h14',
  speaker: 'M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM15.500 9a4.500 4.500 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11',
  speakerOff: 'M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM15.500 9.500l5 5M20.500 9.500l-5 5',
  check: 'M4 12.500 10 18 20 6.500',
  close: 'M6 6l12 12M18 6 6 18',
} as const;

/** Name of an icon. */
export type Icon = keyof typeof ICONS;

const SVG = 'http://www.w3.org/2000/svg';

/** A picture beside or instead of a text; it says nothing to screen readers. */
export function icon(which: Icon): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'icon');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[which]);
  svg.append(path);
  return svg;
}

/** A round button with an icon. */
export function iconButton(which: Icon, label: Key, run: () => void, parts: Parts = {}): HTMLButtonElement {
  return make('button', { type: 'button', label, on: { click: run }, ...parts, class: `round ${parts.class ?? ''}`.trim() }, icon(which));
}

/** Shows another icon in a button. */
export function setIcon(button: HTMLElement, which: Icon): void {
  button.replaceChildren(icon(which));
}

/** What the key for leaving does within an element. */
export function onEscape(run: () => void): Record<string, (event: Event) => void> {
  return { keydown: (event) => (event as KeyboardEvent).key === 'Escape' && run() };
}

/** Draws once for all changes of one turn. */
export function oncePerTurn(draw: () => void): () => void {
  let due = false;
  return () => {
    if (!due) {
      due = true;
      queueMicrotask(() => {
        due = false;
        draw();
      });
    }
  };
}
