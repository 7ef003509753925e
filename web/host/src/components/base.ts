/** How the components that the platform brings along are made for a browser. */
import type * as glassEasel from 'glass-easel';

/** A component of the engine, as far as it is used here. */
export interface Node {
  data: Record<string, any>;
  setData(data: Record<string, unknown>): void;
  triggerEvent(name: string, detail?: unknown, options?: { bubbles?: boolean; composed?: boolean }): void;
  [own: string]: any;
}

/** A property: its type by the value that stands for it. */
type Kind = StringConstructor | NumberConstructor | BooleanConstructor | ArrayConstructor | ObjectConstructor | null;

/** A component of the platform. */
export interface Native {
  tag: string;
  /** Type and default by name, as templates write them in camel case. */
  props?: Record<string, [Kind, unknown]>;
  /** Once, when the element is on the page. */
  attached?(host: HTMLElement, node: Node): void;
  /** After that, and whenever a property changed. */
  update?(host: HTMLElement, data: Record<string, any>, node: Node): void;
  detached?(host: HTMLElement, node: Node): void;
}

/** What forms and labels ask of an element. */
export interface Control {
  name(): string;
  value(): unknown;
  reset(): void;
  /** What a tap on its label does. */
  press(): void;
}

const CONTROLS = new WeakMap<Element, Control>();

/** Makes an element a control. */
export function control(host: HTMLElement, of: Control): void {
  CONTROLS.set(host, of);
}

/** The control that an element is, if it is one. */
export function controlOf(host: Element): Control | undefined {
  return CONTROLS.get(host);
}

/** The element's component, if it has one. */
export function nodeOf(host: Element | null | undefined): Node | undefined {
  return (host as unknown as { __wxElement?: Node } | null | undefined)?.__wxElement;
}

/** A plain element inside of a component's. */
export function inner<K extends keyof HTMLElementTagNameMap>(host: HTMLElement, tag: K, name = ''): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = name;
  host.append(element);
  return element;
}

/** Where the classes of a press are among the engine's: those of the page stay apart from them. */
const PRESS_SEGMENT = 7;

/** While a finger is on an element it has the classes of `hover-class`. */
function press(host: HTMLElement, node: any): void {
  let on: string[] = [];
  const set = (names: string[], force: boolean): void => names.forEach((name) => node.classList?.toggle(name, force, PRESS_SEGMENT));
  host.addEventListener('pointerdown', () => {
    const wanted = String(node.data.hoverClass);
    on = wanted === 'none' || node.data.disabled ? [] : wanted.split(/\s+/).filter((name) => name !== '');
    set(on, true);
  });
  for (const name of ['pointerup', 'pointercancel', 'pointerleave']) {
    host.addEventListener(name, () => set(on.splice(0), false));
  }
}

/** Properties of every component. */
const COMMON: Record<string, [Kind, unknown]> = { hidden: [Boolean, false], hoverClass: [String, 'none'], ariaLabel: [String, ''], ariaRole: [String, ''] };

/** What screen readers are told: of the control inside, if the component is one. */
function tellReaders(host: HTMLElement, { ariaLabel, ariaRole }: Record<string, any>): void {
  const element = host.querySelector(':scope > input') ?? host;
  for (const [name, value] of [['aria-label', ariaLabel], ['role', ariaRole || host.dataset['wxreach']]] as const) {
    if (value) {
      element.setAttribute(name, String(value));
    } else {
      element.removeAttribute(name);
    }
  }
}

/** Declares a component in a space. */
export function declare(space: glassEasel.ComponentSpace, native: Native): glassEasel.GeneralComponentDefinition {
  const properties = Object.fromEntries(
    Object.entries({ ...COMMON, ...native.props })
      .map(([name, [type, value]]) => [name, type === null ? { type: null, value } : { type, value }]),
  );
  const update = (node: any): void => {
    const host = node.$$ as HTMLElement | null;
    if (host) {
      host.toggleAttribute('hidden', Boolean(node.data.hidden));
      tellReaders(host, node.data);
      native.update?.(host, node.data, node as Node);
    }
  };
  return space.defineComponent({
    is: native.tag,
    options: { writeIdToDOM: true },
    properties: properties as any,
    observers: [{ fields: '**', observer(this: any) { if (this.ready) { update(this); } } }],
    lifetimes: {
      attached(this: any) {
        press(this.$$, this);
        native.attached?.(this.$$, this);
        this.ready = true;
        update(this);
      },
      detached(this: any) {
        this.ready = false;
        native.detached?.(this.$$, this);
      },
    },
  } as any).general();
}

/** A component that is nothing but a box with children. */
export function box(tag: string, props: Native['props'] = {}): Native {
  return { tag, props };
}
