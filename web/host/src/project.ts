/** The files of a mini-program project, and how they name each other. */
import { Problem } from './problem.js';

/** What the server says about a project. */
export interface Bundle {
  /** Name for people. */
  name: string;
  /** Whether `events` tells of changes. */
  watched?: boolean;
  /** Texts by path: js, ts, json, wxml, wxss, wxs. */
  files: Record<string, string>;
}

/** `window` of app.json and of a page's json, as far as a browser can follow. */
export interface WindowConfig {
  navigationBarTitleText?: string;
  navigationBarBackgroundColor?: string;
  navigationBarTextStyle?: 'black' | 'white';
  navigationStyle?: 'default' | 'custom';
  backgroundColor?: string;
  disableScroll?: boolean;
  onReachBottomDistance?: number;
}

/** One of `tabBar.list`. */
export interface Tab {
  pagePath: string;
  text: string;
  iconPath?: string;
  selectedIconPath?: string;
}

/** app.json. */
export interface AppConfig {
  pages: string[];
  entryPagePath?: string;
  window?: WindowConfig;
  usingComponents?: Record<string, string>;
  tabBar?: { color?: string; selectedColor?: string; backgroundColor?: string; list: Tab[] };
  subpackages?: { root: string; pages: string[] }[];
  subPackages?: { root: string; pages: string[] }[];
}

/** The json of a page or component. */
export interface UnitConfig extends WindowConfig {
  component?: boolean;
  usingComponents?: Record<string, string>;
  styleIsolation?: string;
  componentGenerics?: Record<string, unknown>;
  componentPlaceholder?: Record<string, string>;
  addGlobalClass?: boolean;
  pureDataPattern?: string;
}

/** Joins and straightens a path; `from` is a file whose folder relative paths start at. Empty if it leaves the project. */
export function resolve(path: string, from: string): string {
  const parts = path.startsWith('/') ? [] : from.split('/').slice(0, -1);
  for (const part of path.split('/')) {
    if (part === '..') {
      if (parts.length === 0) {
        return '';
      }
      parts.pop();
    } else if (part !== '' && part !== '.') {
      parts.push(part);
    }
  }
  return parts.join('/');
}

/** See the head of the file. */
export class Project {
  readonly app: AppConfig;
  /** Every page, those of sub-packages with their root. */
  readonly pages: readonly string[];

  constructor(
    readonly bundle: Bundle,
    /** Where files that are no text are fetched from: an address that ends in a slash. */
    readonly assets: string,
  ) {
    if (!this.has('app.json')) {
      throw new Problem('app.json', 'this folder has no app.json', 0,
        'Choose the folder that holds app.json, the miniprogramRoot of project.config.json.');
    }
    this.app = this.json<AppConfig>('app.json');
    if (!Array.isArray(this.app.pages) || this.app.pages.length === 0) {
      throw new Problem('app.json', 'pages must be a list with at least one page', 0, 'Add "pages": ["pages/index/index"].');
    }
    const sub = (this.app.subpackages ?? this.app.subPackages ?? []).flatMap(({ root, pages }) =>
      pages.map((page) => resolve(`/${root}/${page}`, '')));
    this.pages = [...this.app.pages.map((page) => resolve(`/${page}`, '')), ...sub];
  }

  has(file: string): boolean {
    return Object.prototype.hasOwnProperty.call(this.bundle.files, file);
  }

  /** The text of a file; empty if there is none. */
  text(file: string): string {
    return this.has(file) ? (this.bundle.files[file] ?? '') : '';
  }

  /** The content of a JSON file; an empty object if there is none. */
  json<T>(file: string): T {
    const text = this.text(file);
    if (text.trim() === '') {
      return {} as T;
    }
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      const message = (error as Error).message;
      const at = /position (\d+)/.exec(message);
      const line = at ? text.slice(0, Number(at[1])).split('\n').length : Number(/line (\d+)/.exec(message)?.[1] ?? 0);
      throw new Problem(file, message, line, 'JSON has double quotes, no comments and no comma after the last item.');
    }
  }

  /** The json of a page or component, without ending. */
  unit(path: string): UnitConfig {
    return this.json<UnitConfig>(`${path}.json`);
  }

  /** The file of a module, as `require` names it; empty if there is none. */
  module(name: string, from: string): string {
    const tried = (base: string): string =>
      [base, `${base}.js`, `${base}.ts`, `${base}/index.js`, `${base}/index.ts`].find((file) => /\.(js|ts)$/.test(file) && this.has(file)) ?? '';
    const direct = resolve(name, from);
    if (direct !== '' && (name.startsWith('.') || name.startsWith('/'))) {
      return tried(direct);
    }
    return (direct !== '' ? tried(direct) : '') || this.fromNpm(name, from, tried);
  }

  /** The unit that a path of `usingComponents` names, without ending; empty if there is none. */
  component(path: string, from: string): string {
    const tried = (base: string): string =>
      [base, `${base}/index`].find((unit) => this.has(`${unit}.wxml`) || this.has(`${unit}.js`) || this.has(`${unit}.ts`)) ?? '';
    const direct = resolve(path, from);
    return (direct !== '' ? tried(direct) : '') || (path.startsWith('/') || path.startsWith('.') ? '' : this.fromNpm(path, from, tried));
  }

  /** A picture or sound of the project, as an address that a browser can fetch. */
  asset(path: string, from: string): string {
    if (path === '' || /^(data|blob|https?|wxfile|file):/.test(path) || path.startsWith('//')) {
      return path;
    }
    const within = resolve(path, from);
    return within === '' ? path : this.assets + within.split('/').map(encodeURIComponent).join('/');
  }

  /** Packages built by the tools of the platform lie in `miniprogram_npm`, in any folder above. */
  private fromNpm(name: string, from: string, tried: (base: string) => string): string {
    const above = from.split('/').slice(0, -1);
    for (let depth = above.length; depth >= 0; depth--) {
      const found = tried([...above.slice(0, depth), 'miniprogram_npm', name].join('/'));
      if (found !== '') {
        return found;
      }
    }
    return '';
  }
}
