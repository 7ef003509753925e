/** The stack of pages. */
import type { LivePlayer } from '@huitong/web-runtime';
import type { Root } from 'glass-easel-miniprogram-adapter';
import { asProblem, Problem } from '../problem.js';
import type { Project } from '../project.js';
import { resolve } from '../project.js';
import type { Units } from './units.js';

/** More pages do not fit on the stack, as on phones. */
export const DEEPEST = 10;

/** An open page. */
export interface Open {
  path: string;
  query: Record<string, string>;
  root: Root;
  box: HTMLElement;
  /** What the page's own code sees as `this`. */
  page: any;
}

/** What the shell shows for a page. */
export interface Face {
  path: string;
  depth: number;
  tab: boolean;
}

/** Splits `pages/a/a?x=1`. What is in the query comes to the page as it was written, which decodes it itself, as on phones. */
export function parseUrl(url: string, from: string): { path: string; query: Record<string, string> } {
  const [path = '', rest = ''] = url.split(/\?(.*)/s);
  const query = Object.fromEntries(rest.split('&').filter((part) => part !== '').map((part) => {
    const [key = '', value = ''] = part.split(/=(.*)/s);
    return [key, value];
  }));
  return { path: resolve(path, from), query };
}

function asQuery(query: Record<string, string>): string {
  const parts = Object.entries(query).map(([key, value]) => `${key}=${value}`);
  return parts.length > 0 ? `?${parts.join('&')}` : '';
}

let ids = 0;

/** How near its end a page has to be to hear of it, px, unless it says otherwise. */
const REACH = 50;

/** See the head of the file. */
export class Stack {
  private readonly open: Open[] = [];
  /** Tabs that are not on top keep their page. */
  private readonly behind = new Map<string, Open>();

  constructor(
    private readonly project: Project,
    private readonly units: Units,
    private readonly stage: HTMLElement,
    private readonly shown: (face: Face) => void,
    private readonly failed: (problem: Problem) => void,
  ) {}

  get pages(): any[] {
    return this.open.map(({ page }) => page);
  }

  get top(): Open | undefined {
    return this.open[this.open.length - 1];
  }

  isTab(path: string): boolean {
    return this.project.app.tabBar?.list.some(({ pagePath }) => resolve(`/${pagePath}`, '') === path) ?? false;
  }

  navigateTo(url: string): void {
    const { path, query } = this.find(url);
    if (this.isTab(path)) {
      throw new Error('can not navigateTo a tabbar page');
    }
    if (this.open.length >= DEEPEST) {
      throw new Error(`webview count limit exceed: at most ${DEEPEST} pages are open`);
    }
    this.leave();
    this.enter(path, query);
  }

  redirectTo(url: string): void {
    const { path, query } = this.find(url);
    if (this.isTab(path)) {
      throw new Error('can not redirectTo a tabbar page');
    }
    this.close(1);
    this.enter(path, query);
  }

  reLaunch(url: string): void {
    const { path, query } = this.find(url);
    this.close(this.open.length);
    [...this.behind.values()].forEach((page) => this.unload(page));
    this.behind.clear();
    this.enter(path, query);
  }

  switchTab(url: string): void {
    const { path } = this.find(url);
    if (!this.isTab(path)) {
      throw new Error('can not switch to no-tabBar page');
    }
    const top = this.top;
    if (top?.path === path) {
      return;
    }
    const [bottom] = this.open;
    this.close(this.open.length - (bottom && this.isTab(bottom.path) ? 1 : 0));
    if (bottom && this.isTab(bottom.path)) {
      this.leave();
      this.open.length = 0;
      this.behind.set(bottom.path, bottom);
    }
    const kept = this.behind.get(path);
    if (kept) {
      this.behind.delete(path);
      this.open.push(kept);
      this.show();
    } else {
      this.enter(path, {});
    }
  }

  navigateBack(delta: number): void {
    const count = Math.min(Math.max(delta, 1), this.open.length - 1);
    if (count > 0) {
      this.close(count);
      this.show();
    }
  }

  /** What the page on top wants to be shared as: the address of a page, by default its own. */
  shared(target: object): string {
    const { top } = this;
    const asked = top && (this.tell(top, 'onShareAppMessage', { from: 'button', target }) as { path?: string } | undefined);
    const { path, query } = parseUrl(asked?.path ?? this.addressOf(top), top?.path ?? '');
    return `/${path}${asQuery(query)}`;
  }

  /** The application goes to the background, or comes back. */
  background(hidden: boolean): void {
    const { top } = this;
    if (top) {
      this.tell(top, hidden ? 'onHide' : 'onShow');
    }
  }

  /** Calls a method that the page may have, and its components' counterpart. */
  tell(open: Open, name: string, ...args: unknown[]): unknown {
    const life = { onShow: 'show', onHide: 'hide' }[name];
    if (life) {
      (open.root.getComponent() as any).triggerPageLifetime(life, []);
    }
    const method = open.page[name] as unknown;
    if (typeof method !== 'function') {
      return undefined;
    }
    try {
      return method.apply(open.page, args);
    } catch (error) {
      console.error(error);
      this.failed(asProblem(error, `${open.path}.js`));
      return undefined;
    }
  }

  private addressOf(open: Open | undefined): string {
    return open ? `/${open.path}${asQuery(open.query)}` : '/';
  }

  private find(url: string): { path: string; query: Record<string, string> } {
    const found = parseUrl(url, `${this.top?.path ?? ''}`);
    if (!this.project.pages.includes(found.path)) {
      throw new Error(`page "${found.path}" is not found: it is not among the pages of app.json`);
    }
    return found;
  }

  private enter(path: string, query: Record<string, string>): void {
    const box = document.createElement('div');
    box.className = 'wx-page';
    const place = document.createElement('div');
    box.append(place);
    let root: Root;
    try {
      root = this.units.page(path);
    } catch (error) {
      throw asProblem(error, `${path}.js`);
    }
    const page = root.get() as any;
    bind(page);
    const id = ++ids;
    Object.assign(page, { route: path, __route__: path, options: query, getPageId: () => `page-${id}` });
    const made: Open = { path, query, root, box, page };
    this.watchScroll(made);
    this.open.push(made);
    this.stage.append(box);
    this.front();
    // Components are attached before the page loads, as on phones: pages take them in hand in onLoad.
    root.attach(box as any, place as any);
    this.tell(made, 'onLoad', query);
    if (this.top !== made) {
      return; // Its own onLoad went somewhere else.
    }
    this.tell(made, 'onShow');
    requestAnimationFrame(() => this.open.includes(made) && this.tell(made, 'onReady'));
  }

  /** `onPageScroll`, and `onReachBottom` once each time that the end comes near. */
  private watchScroll(open: Open): void {
    const { box, path } = open;
    const { disableScroll, onReachBottomDistance } = { ...this.project.app.window, ...this.project.unit(path) };
    box.classList.toggle('wx-still', disableScroll === true);
    let near = false;
    box.addEventListener('scroll', () => {
      this.tell(open, 'onPageScroll', { scrollTop: box.scrollTop });
      const nearer = box.scrollTop + box.clientHeight >= box.scrollHeight - (onReachBottomDistance ?? REACH);
      if (nearer && !near) {
        this.tell(open, 'onReachBottom');
      }
      near = nearer;
    });
  }

  private leave(): void {
    const { top } = this;
    if (top) {
      this.tell(top, 'onHide');
      top.box.hidden = true;
      hold(top.box, true);
    }
  }

  private show(): void {
    const { top } = this;
    if (top) {
      this.front();
      hold(top.box, false);
      this.tell(top, 'onShow');
    }
  }

  private front(): void {
    const { top } = this;
    if (top) {
      this.open.forEach(({ box }) => (box.hidden = box !== top.box));
      this.units.backend.showOnly(top.path, this.project.pages);
      this.shown({ path: top.path, depth: this.open.length, tab: this.isTab(top.path) });
    }
  }

  private close(count: number): void {
    for (let closed = 0; closed < count; closed++) {
      const last = this.open.pop();
      if (last) {
        this.unload(last);
      }
    }
  }

  private unload(open: Open): void {
    this.tell(open, 'onUnload');
    open.root.release();
    open.box.remove();
  }
}

/** Players of a page that another one covers are held, unless they say otherwise. */
function hold(box: HTMLElement, on: boolean): void {
  box.querySelectorAll<LivePlayer>('live-player').forEach((player) => player.hold('navigate', on));
}

/** Pages pass their methods around and rely on `this`. */
function bind(page: any): void {
  const own = Object.getPrototypeOf(page) as Record<string, unknown>;
  for (const name of Object.keys(own)) {
    const method = own[name];
    if (typeof method === 'function' && !name.startsWith('_$')) {
      page[name] = method.bind(page);
    }
  }
}
