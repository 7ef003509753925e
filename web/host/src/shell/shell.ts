/** The shell: a phone around the frame, and beside it what a developer wants to see. */
import type { Frame, Shell } from '../frame/main.js';
import type { Problem } from '../problem.js';
import type { Bundle, Project } from '../project.js';

/** Lines kept in the console; older ones go. */
const LINES = 500;

/** Lines of the file that are shown around the one at fault. */
const AROUND = 3;

function find<T extends Element>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) {
    throw new Error(`the page lacks ${selector}`);
  }
  return found;
}

function element(tag: string, name: string, words = ''): HTMLElement {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = words;
  return made;
}

/** The lines around the fault, if the file is there. */
function excerpt(bundle: Bundle | null, problem: Problem): HTMLElement | null {
  const text = bundle?.files[problem.file];
  if (text === undefined || problem.line < 1) {
    return null;
  }
  const lines = text.split('\n');
  const first = Math.max(problem.line - AROUND, 1);
  const shown = element('pre', 'lines-of');
  lines.slice(first - 1, problem.line + AROUND).forEach((line, at) => {
    const number = first + at;
    shown.append(element(number === problem.line ? 'b' : 'span', '', `${String(number).padStart(4)}  ${line}\n`));
  });
  return shown;
}

/** See the head of the file. */
class Outside implements Shell {
  private readonly view = find<HTMLElement>('.view');
  private readonly bar = find<HTMLElement>('.bar');
  private readonly lines = find<HTMLOListElement>('.lines');
  private bundle: Bundle | null = null;
  private frame: HTMLIFrameElement | null = null;
  private home = '';
  private readonly tabIcons = new Map<HTMLButtonElement, { icon: HTMLImageElement; plain: string; chosen: string }>();
  private changes: EventSource | null = null;

  constructor() {
    find('.back').addEventListener('click', () => this.inside?.back());
    find('.home').addEventListener('click', () => this.load());
    find('.reload').addEventListener('click', () => this.load());
    find('.clear').addEventListener('click', () => this.lines.replaceChildren());
    // A link to another page of the project, in a tab that shows it already.
    window.addEventListener('hashchange', () => this.load());
    const hide = find<HTMLButtonElement>('.hide');
    hide.addEventListener('click', () => this.away(hide.getAttribute('aria-pressed') !== 'true'));
    const size = find<HTMLSelectElement>('.size');
    size.addEventListener('change', () => {
      const [width = '375', height = '812'] = size.value.split('x');
      const { style } = find<HTMLElement>('.phone');
      style.setProperty('--w', width);
      style.setProperty('--h', height);
    });
  }

  private get inside(): Frame | undefined {
    return (this.frame?.contentWindow as { huitong?: Frame } | null | undefined)?.huitong;
  }

  /** Starts the project anew. */
  load(): void {
    this.away(false);
    this.frame?.remove();
    this.view.querySelector('.problem')?.remove();
    find<HTMLElement>('.wait').hidden = false;
    const frame = document.createElement('iframe');
    frame.title = 'mini program';
    frame.allow = 'camera; microphone; display-capture; autoplay; fullscreen; clipboard-read; clipboard-write; picture-in-picture; screen-wake-lock';
    frame.src = `frame.html${location.hash}`;
    this.frame = frame;
    this.view.append(frame);
  }

  opened(bundle: Bundle): void {
    this.bundle = bundle;
    document.title = `${bundle.name} · Huitong`;
    find('.name').textContent = bundle.name;
    if (bundle.watched && !this.changes) {
      this.changes = new EventSource('events');
      this.changes.addEventListener('changed', ({ data }: MessageEvent<string>) => {
        this.line('info', `changed: ${data}`);
        this.load();
      });
    }
  }

  started(): void {
    find<HTMLElement>('.wait').hidden = true;
  }

  face({ path, depth, tab, title, background, front, bare }: Parameters<Shell['face']>[0]): void {
    this.bar.hidden = bare;
    this.bar.style.backgroundColor = background;
    this.bar.style.color = front;
    find('.title').textContent = title;
    find<HTMLElement>('.back').hidden = depth < 2;
    find<HTMLElement>('.home').hidden = depth > 1 || tab || path === this.home;
    find('.path code').textContent = path;
    const tabs = find<HTMLElement>('.tabs');
    tabs.hidden = !tab;
    tabs.querySelectorAll('button').forEach((button) => {
      const on = button.dataset['path'] === path;
      button.classList.toggle('on', on);
      const known = this.tabIcons.get(button);
      if (known) {
        known.icon.src = on ? known.chosen : known.plain;
      }
    });
  }

  tabs(project: Project): void {
    this.home = project.app.entryPagePath ?? project.pages[0] ?? '';
    const bar = project.app.tabBar;
    const tabs = find<HTMLElement>('.tabs');
    const color = (name: string, value: string | undefined): void => tabs.style.setProperty(name, value ?? '');
    color('--tab', bar?.color);
    color('--tab-on', bar?.selectedColor);
    color('--tab-back', bar?.backgroundColor);
    this.tabIcons.clear();
    tabs.replaceChildren(...(bar?.list ?? []).map(({ pagePath, text, iconPath, selectedIconPath }) => {
      const button = element('button', '') as HTMLButtonElement;
      button.dataset['path'] = pagePath;
      if (iconPath) {
        const icon = document.createElement('img');
        const plain = project.asset(`/${iconPath}`, '');
        icon.src = plain;
        this.tabIcons.set(button, { icon, plain, chosen: project.asset(`/${selectedIconPath ?? iconPath}`, '') });
        icon.alt = '';
        button.append(icon);
      }
      button.append(text);
      button.addEventListener('click', () => this.inside?.tab(pagePath));
      return button;
    }));
  }

  problem(problem: Problem): void {
    this.started();
    this.view.querySelector('.problem')?.remove();
    const card = element('div', 'problem');
    card.setAttribute('role', 'alert');
    const lines = excerpt(this.bundle, problem);
    card.append(element('h2', '', 'This project has a fault'), element('p', 'place', problem.place), element('pre', '', problem.message));
    if (lines) {
      card.append(lines);
    }
    if (problem.hint) {
      card.append(element('p', '', problem.hint));
    }
    card.append(element('p', '', this.bundle?.watched ? 'The page starts anew as soon as a file is saved.' : 'Reload when it is repaired.'));
    this.view.append(card);
    this.line('error', `${problem.place}: ${problem.message}`);
  }

  line(kind: 'log' | 'info' | 'warn' | 'error', words: string): void {
    const atEnd = this.lines.scrollTop + this.lines.clientHeight >= this.lines.scrollHeight - 4;
    this.lines.append(element('li', kind, words));
    while (this.lines.childElementCount > LINES) {
      this.lines.firstElementChild?.remove();
    }
    if (atEnd) {
      this.lines.scrollTop = this.lines.scrollHeight;
    }
  }

  private away(hidden: boolean): void {
    const button = find<HTMLButtonElement>('.hide');
    button.setAttribute('aria-pressed', String(hidden));
    button.textContent = hidden ? 'Bring back' : 'Send to background';
    this.view.classList.toggle('away', hidden);
    this.inside?.background(hidden);
  }
}

const shell = new Outside();
(window as unknown as { shell: Shell }).shell = shell;
shell.load();
