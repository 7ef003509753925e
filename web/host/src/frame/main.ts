/** The frame: a mini program runs in it, as in the web view of a phone. */
import { define, LivePlayer, LivePusher, shared } from '@huitong/web-runtime';
import type { TmplGroup } from 'glass-easel-template-compiler';
import type { Node } from '../components/base.js';
import { asProblem, Problem } from '../problem.js';
import { Project } from '../project.js';
import type { Bundle } from '../project.js';
import { createWx } from '../wx/index.js';
import type { Title } from '../wx/index.js';
import { Life } from '../wx/system.js';
import { ui } from '../wx/ui.js';
import { Backend } from './backend.js';
import { openCompiler } from './compiler.js';
import { Stack } from './stack.js';
import type { Face } from './stack.js';
import { Units } from './units.js';

/** What the shell around the frame offers. */
export interface Shell {
  face(face: Face & { title: string; background: string; front: string; bare: boolean }): void;
  tabs(project: Project): void;
  /** The project is here. */
  opened(bundle: Bundle): void;
  /** Its first page is shown. */
  started(): void;
  problem(problem: Problem): void;
  line(kind: 'log' | 'info' | 'warn' | 'error', words: string): void;
}

/** What the frame offers to the shell, as `window.huitong`. */
export interface Frame {
  back(): void;
  tab(path: string): void;
  background(hidden: boolean): void;
}

/** Answers of a server that speak of media begin like this: its addresses are needed to play RTMP addresses here. */
function hear(_url: string, text: string): void {
  if (shared.bases || !text.includes('"media"')) {
    return;
  }
  try {
    const { ok } = JSON.parse(text) as { ok?: { media?: typeof shared.bases } };
    if (ok?.media) {
      shared.bases = ok.media;
    }
  } catch {
    // Not a message of this server: nothing to learn from it.
  }
}

/** Shows in the shell what the project writes to the console. */
function follow(shell: Shell): void {
  for (const kind of ['log', 'info', 'warn', 'error'] as const) {
    const plain = console[kind].bind(console);
    console[kind] = (...words: unknown[]) => {
      plain(...words);
      shell.line(kind, words.map(inWords).join(' '));
    };
  }
  window.addEventListener('error', ({ message, filename, lineno }) => shell.line('error', `${message} (${filename}:${lineno})`));
  window.addEventListener('unhandledrejection', ({ reason }) => console.error(`nobody caught: ${inWords(reason)}`));
}

function inWords(value: unknown): string {
  if (value instanceof Error) {
    return `${value.name}: ${value.message}`;
  }
  if (typeof value !== 'object' || value === null) {
    return String(value);
  }
  try {
    return JSON.stringify(value).slice(0, 2000);
  } catch {
    return String(value); // It contains itself.
  }
}

/** Title and colours of the page on top. */
class Faces implements Title {
  private face: Face = { path: '', depth: 0, tab: false };
  private readonly own = new Map<string, { text?: string; front?: string; background?: string }>();

  constructor(private readonly project: Project, private readonly shell: Shell) {}

  readonly shown = (face: Face): void => {
    this.face = face;
    this.tell();
  };

  text(title: string): void {
    this.change({ text: title });
  }

  colors(front: string, background: string): void {
    this.change({ front, background });
  }

  private change(what: { text?: string; front?: string; background?: string }): void {
    this.own.set(this.face.path, { ...this.own.get(this.face.path), ...what });
    this.tell();
  }

  private tell(): void {
    const window = { ...this.project.app.window, ...(this.face.path ? this.project.unit(this.face.path) : {}) };
    const own = this.own.get(this.face.path);
    const color = window.backgroundColor ?? '#ffffff';
    document.documentElement.style.backgroundColor = color;
    this.shell.face({
      ...this.face,
      title: own?.text ?? window.navigationBarTitleText ?? '',
      background: own?.background ?? window.navigationBarBackgroundColor ?? '#000000',
      front: own?.front ?? window.navigationBarTextStyle ?? 'white',
      bare: window.navigationStyle === 'custom',
    });
  }
}

/** In the background cameras are closed and players held, as on phones. */
function mediaBehind(hidden: boolean): void {
  for (const element of document.querySelectorAll('live-pusher, live-player')) {
    if (element instanceof LivePusher) {
      element.background(hidden);
    } else if (element instanceof LivePlayer) {
      element.hold('background', hidden);
    }
  }
}

/** The file that an element's template stands in. */
function ownerOf(node: Node): string {
  const host = (node as any).ownerShadowRoot?.getHostNode();
  return host ? `${String(host.is)}.wxml` : 'app.wxml';
}

/** The page that stands behind the address; its query is left as it is. */
function askedFor(hash: string): string {
  const [page = '', query] = hash.slice(1).split(/\?(.*)/s);
  return decodeURIComponent(page) + (query === undefined ? '' : `?${query}`);
}

/** What is a card to a friend on phones is a link here. */
async function share(path: string): Promise<void> {
  const link = new URL(`./#${path}`, location.href).href;
  const [done, open] = navigator.language.startsWith('zh') ? ['链接已复制', '分享链接'] : ['The link is copied', 'Link to this page'];
  const { showToast, showModal } = ui() as Record<'showToast' | 'showModal', (options: object) => void>;
  try {
    await navigator.clipboard.writeText(link);
    showToast({ title: done, icon: 'none' });
  } catch {
    showModal({ title: open, content: link, showCancel: false }); // The browser does not let pages copy.
  }
}

/** Starts a project in this window. */
export function start(bundle: Bundle, assets: string, group: TmplGroup, shell: Shell): Frame {
  const project = new Project(bundle, assets);
  shell.tabs(project);
  const backend = new Backend();
  const problem = (what: Problem): void => shell.problem(what);
  let theApp: any = null;
  const faces = new Faces(project, shell);
  const life = new Life((hidden) => {
    mediaBehind(hidden);
    if (hidden) {
      stack.background(true);
      theApp?.onHide?.();
    } else {
      theApp?.onShow?.({ path: stack.top?.path ?? '', query: {}, scene: 1001 });
      stack.background(false);
    }
  });
  const around = {
    asset: (path: string, node: Node) => project.asset(path, ownerOf(node)),
    navigate: (node: Node) => {
      const url = String(node.data['url']);
      const ways: Record<string, () => void> = {
        navigate: () => stack.navigateTo(url), redirect: () => stack.redirectTo(url), switchTab: () => stack.switchTab(url),
        reLaunch: () => stack.reLaunch(url), navigateBack: () => stack.navigateBack(Number(node.data['delta'])),
      };
      ways[String(node.data['openType'])]?.();
    },
    share: (host: HTMLElement, node: Node) => void share(stack.shared({ id: host.id, dataset: { ...(node['dataset'] as object) } })),
  };
  const elements = (component: unknown): ParentNode => {
    const element = (component as { _$?: { $$?: Element } } | undefined)?._$?.$$;
    return element ?? stack.top?.box ?? document;
  };
  const wx = createWx({
    project: bundle.name, life, title: faces, navigation: {
      navigateTo: (url) => stack.navigateTo(url), redirectTo: (url) => stack.redirectTo(url), reLaunch: (url) => stack.reLaunch(url),
      switchTab: (url) => stack.switchTab(url), navigateBack: (delta) => stack.navigateBack(delta),
    },
    asset: (path) => project.asset(path, stack.top?.path ?? ''),
    heard: hear, elements,
    query: () => stack.top?.page.createSelectorQuery(),
  });
  // The server of this page serves the project, so it is the one that a project talks to unless it says otherwise.
  wx['huitong'] = { server: location.origin };
  const globals = {
    wx, App: (definition: object) => (theApp = { ...definition }), getApp: () => theApp, getCurrentPages: () => stack.pages,
    requirePlugin: () => {
      throw new Problem('app.json', 'plugins cannot be loaded in a browser');
    },
  };
  const units = new Units(project, backend, group, around, () => globals, (what) => console.warn(`${what.place}: ${what.message}`));
  const stack = new Stack(project, units, document.body, faces.shown, problem);
  units.prepare();
  const file = project.module('/app', '');
  if (file !== '') {
    units.run(file);
  }
  theApp ??= {};
  theApp.onLaunch?.({ path: '', query: {}, scene: 1001 });
  theApp.onShow?.({ path: '', query: {}, scene: 1001 });
  const first = askedFor(location.hash) || `/${project.app.entryPagePath ?? project.pages[0] ?? ''}`;
  stack.reLaunch(first.startsWith('/') ? first : `/${first}`);
  Object.assign(window, { wx, getApp: globals.getApp, getCurrentPages: globals.getCurrentPages });
  return { back: () => stack.navigateBack(1), tab: (path) => stack.switchTab(`/${path}`), background: (hidden) => life.set(hidden) };
}

/** Fetches the project and starts it; what goes wrong is shown by the shell. */
async function run(shell: Shell): Promise<void> {
  follow(shell);
  define();
  try {
    const base = new URL('./', location.href).href;
    const answer = await fetch(`${base}project.json`, { cache: 'no-store' });
    if (!answer.ok) {
      throw new Problem('project.json', (await answer.text()).trim() || `the server answered ${answer.status}`);
    }
    const bundle = await answer.json() as Bundle;
    shell.opened(bundle);
    const group = await openCompiler(document.documentElement.dataset['compiler'] ?? '');
    (window as unknown as { huitong?: Frame }).huitong = start(bundle, `${base}files/`, group, shell);
    shell.started();
  } catch (error) {
    console.error(error);
    shell.problem(asProblem(error, 'app.js'));
  }
}

const { shell } = window.parent as unknown as { shell?: Shell };
if (shell && typeof document !== 'undefined' && document.documentElement.dataset['frame'] !== undefined) {
  document.documentElement.lang = navigator.language;
  void run(shell);
}
