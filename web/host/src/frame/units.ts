/** Pages and components of a project: from files to what the engine knows. */
import { component as adapter, MiniProgramEnv } from 'glass-easel-miniprogram-adapter';
import type { AssociatedBackend, CodeSpace, Root } from 'glass-easel-miniprogram-adapter';
import { declare } from '../components/base.js';
import { formOf } from '../components/form.js';
import { LAYOUT } from '../components/layout.js';
import { media } from '../components/media.js';
import type { Surroundings } from '../components/media.js';
import { Modules } from '../modules.js';
import type { Globals } from '../modules.js';
import { asProblem, Problem } from '../problem.js';
import type { Project, UnitConfig } from '../project.js';
import { compileStyle } from '../wxss.js';
import { tagsOf, Templates } from '../wxml.js';
import type { TmplGroup } from 'glass-easel-template-compiler';
import type { Backend } from './backend.js';
import { patchStyles } from './backend.js';
import { copyData } from './copy.js';

/** Tags that need no component: they are the engine's own. */
const OF_ENGINE = ['block', 'slot', 'template', 'import', 'include', 'wxs'];

interface Caller {
  route?: string;
  [name: string]: unknown;
}

/** See the head of the file. */
export class Units {
  private readonly env = new MiniProgramEnv();
  private readonly associated: AssociatedBackend;
  private readonly space: CodeSpace;
  private readonly templates: Templates;
  private readonly modules: Modules;
  private readonly read = new Set<string>();
  private readonly registered = new Set<string>();
  /** The file of the page or component that is being run; empty if none is. */
  private running = '';
  private readonly known = new Set(OF_ENGINE);

  constructor(
    private readonly project: Project,
    readonly backend: Backend,
    group: TmplGroup,
    around: Surroundings,
    globals: (file: string) => Globals,
    private readonly warn: (problem: Problem) => void,
  ) {
    patchStyles();
    this.associated = this.env.associateBackend(backend as any);
    const natives = [...LAYOUT, ...formOf(around), ...media(around)];
    const globalSpace = this.env.getGlobalCodeSpace().getComponentSpace();
    const declared = natives.map((native) => [native.tag, declare(globalSpace, native)] as const);
    this.space = this.env.createCodeSpace('', true);
    for (const [tag, definition] of declared) {
      this.space.getComponentSpace().setGlobalUsingComponent(tag, definition);
      this.known.add(tag);
    }
    this.tune();
    this.templates = new Templates(project, group, warn);
    this.modules = new Modules(project, (file) => ({ ...globals(file), ...this.constructors(file) }));
  }

  /** Reads app.json, every page, and every component that they use; then everything can be made. */
  prepare(): void {
    this.style('app', '');
    const shared = this.links(this.project.app.usingComponents, 'app.json');
    // What app.json declares is there in every page and in every component.
    Object.values(shared).forEach((unit) => this.unit(unit, shared, false));
    for (const page of this.project.pages) {
      if (!this.project.has(`${page}.wxml`)) {
        throw new Problem('app.json', `the page ${page} has no ${page}.wxml`, 0, 'Every page needs a .wxml and a .js file.');
      }
      this.unit(page, shared, true);
    }
    this.templates.build();
    for (const unit of this.read) {
      this.space.addCompiledTemplate(unit, this.templates.of(unit) as any);
    }
  }

  /** Runs a file of the project: app.js. */
  run(file: string): unknown {
    return this.modules.load(file);
  }

  /** Makes a page; it is not shown yet. */
  page(path: string): Root {
    this.register(path);
    return this.associated.createRoot('page', this.space, `/${path}`);
  }

  /** Reads a page or component and what it uses. */
  private unit(unit: string, shared: Record<string, string>, page: boolean): void {
    if (this.read.has(unit)) {
      return;
    }
    this.read.add(unit);
    const config = this.project.unit(unit);
    const using = this.links(config.usingComponents, `${unit}.json`);
    this.templates.add(unit);
    this.look(unit, new Set([...Object.keys({ ...shared, ...using }), ...Object.keys(config.componentGenerics ?? {})]));
    const absolute = Object.fromEntries(Object.entries({ ...shared, ...using }).map(([tag, path]) => [tag, `/${path}`]));
    this.space.addComponentStaticConfig(unit, { ...(config as object), component: !page, usingComponents: absolute } as any);
    this.style(unit, scopeOf(unit, config, page));
    for (const other of Object.values(using)) {
      this.unit(other, shared, false);
    }
  }

  /** Where the paths of `usingComponents` lead. */
  private links(using: UnitConfig['usingComponents'], file: string): Record<string, string> {
    return Object.fromEntries(Object.entries(using ?? {}).map(([tag, path]) => {
      const found = this.project.component(path, file);
      if (found === '') {
        throw new Problem(file, `usingComponents: ${tag} is to be ${path}, which is not there`, 0,
          'A path starts at the file, or at the project with a slash in front, and has no ending.');
      }
      return [tag, found];
    }));
  }

  private look(unit: string, using: Set<string>): void {
    for (const tag of tagsOf(this.project.text(`${unit}.wxml`))) {
      if (!this.known.has(tag) && !using.has(tag)) {
        this.warn(new Problem(`${unit}.wxml`, `<${tag}> is no component of this page, and none that is there in a browser: it is an empty box`));
      }
    }
  }

  private style(unit: string, scope: string): void {
    const css = this.project.has(`${unit}.wxss`) ? compileStyle(this.project, `${unit}.wxss`, scope) : '';
    this.backend.registerStyleSheetContent(unit, css);
    if (unit === 'app') {
      this.space.addStyleSheet('app', 'app');
      this.backend.appendStyleSheetPath('app');
    } else {
      this.space.addStyleSheet(unit, unit, scope === '' ? undefined : scope);
    }
  }

  /** Runs the file of a page or component, which registers it, after those that it uses. */
  private register(unit: string): void {
    if (this.registered.has(unit)) {
      return;
    }
    this.registered.add(unit);
    for (const used of Object.values(this.space.getComponentStaticConfig(unit)?.usingComponents ?? {})) {
      this.register(used.slice(1));
    }
    const file = this.project.module(`/${unit}`, '');
    if (file === '') {
      throw new Problem(`${unit}.js`, 'this file is not there', 0, 'A page calls Page({…}) in it, a component Component({…}).');
    }
    const around = this.running;
    this.running = file;
    try {
      this.modules.load(file);
    } catch (error) {
      throw asProblem(error, file);
    } finally {
      this.running = around;
    }
    if (!this.space.getComponentSpace().getComponentByUrlWithoutDefault(`/${unit}`, '')) {
      throw new Problem(file, 'it calls neither Page nor Component', 0, 'Call one of them once, when the file is run.');
    }
  }

  private constructors(file: string): Globals {
    const envOf = (name: string): any => this.space.componentEnv(name.replace(/\.(js|ts)$/, ''), (env) => env);
    // A module that a page or component requires may register it: components of several files do so, and helpers.
    const unit = (): any => envOf(this.running || file);
    return {
      Page: (definition: Record<string, unknown>) => unit().Page({ ...definition }),
      Component: (definition?: Record<string, unknown>) => unit().Component(definition),
      Behavior: envOf(file).Behavior,
    };
  }

  /** What differs from the engine's defaults: ids stay as they are written, handlers may be set late, data is copied. */
  private tune(): void {
    const space = this.space as any;
    const plain = space.prepareComponentOptions.bind(space) as (is: string, options: unknown) => [Record<string, unknown>, unknown];
    space.prepareComponentOptions = (is: string, options: unknown): [Record<string, unknown>, unknown] => {
      const [made, isolation] = plain(is, options);
      return [{ ...made, idPrefixGenerator: () => '', writeIdToDOM: true, useMethodCallerListeners: true }, isolation];
    };
    const proto = adapter.ComponentCaller.prototype as any;
    if (!proto.plainSetData) {
      proto.plainSetData = proto.setData;
      proto.setData = function setData(this: Caller & { plainSetData(data: unknown, done?: () => void): void; is: string }, data: unknown, done?: () => void) {
        this.plainSetData(copyData(data, this.is), done);
      };
      const trigger = proto.triggerEvent;
      proto.triggerEvent = function triggerEvent(this: unknown, name: string, detail?: unknown, options?: object) {
        trigger.call(this, name, detail ?? {}, options ?? {});
      };
    }
  }
}

/** The name before the class names of a component; none for pages and for components that share their styles. */
function scopeOf(unit: string, config: UnitConfig, page: boolean): string {
  return page || config.styleIsolation === 'shared' ? '' : unit.replace(/[^\w-]/g, '-');
}
