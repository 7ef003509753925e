/** WXML: templates compiled by the component engine's own compiler. */
import type { TmplGroup } from 'glass-easel-template-compiler';
import { Problem } from './problem.js';
import type { Project } from './project.js';
import { resolve } from './project.js';

/** What the compiler says about a template. */
interface Complaint {
  isError: boolean;
  message: string;
  /** Counted from 0. */
  startLine: number;
}

/** A compiled template, as the engine takes it. */
export interface Template {
  content: any;
  groupList: Record<string, any>;
  fallbackListenerOnNativeNode: boolean;
}

/** The compiler repairs these by a guess; the tools of the platform refuse them, because the guess is often wrong. */
const REFUSED = /end tag/;
/** Of no interest: the components and attributes of many projects have such names, and the platform takes them. */
const FINE = /avoid uppercase/;

/** The text with its line breaks kept and its comments gone, for a look at which tags it has. */
export function tagsOf(text: string): Set<string> {
  const tags = new Set<string>();
  const plain = text.replace(/<!--[\s\S]*?-->/g, '').replace(/<wxs\b[\s\S]*?<\/wxs>/g, '');
  for (const [, tag] of plain.matchAll(/<([a-zA-Z][\w-]*)/g)) {
    tags.add(tag as string);
  }
  return tags;
}

/** See the head of the file. */
export class Templates {
  private readonly added = new Set<string>();
  private list: Record<string, any> = {};

  constructor(
    private readonly project: Project,
    private readonly group: TmplGroup,
    private readonly warn: (problem: Problem) => void,
  ) {}

  /** Reads the template of a unit (a path without ending) and all that it includes. */
  add(unit: string): void {
    if (this.added.has(unit)) {
      return;
    }
    this.added.add(unit);
    const file = `${unit}.wxml`;
    for (const complaint of this.group.addTmpl(unit, this.project.text(file)) as Complaint[]) {
      const problem = new Problem(file, complaint.message, complaint.startLine + 1);
      if (complaint.isError || REFUSED.test(complaint.message)) {
        throw problem;
      }
      if (!FINE.test(complaint.message)) {
        this.warn(problem);
      }
    }
    for (const other of this.group.getDirectDependencies(unit) as string[]) {
      const path = resolve(`/${other}`, '');
      if (!this.project.has(`${path}.wxml`)) {
        throw new Problem(file, `it includes ${path}.wxml, which is not there`);
      }
      this.add(path);
    }
    for (const script of this.group.getScriptDependencies(unit) as string[]) {
      this.script(resolve(`/${script}`, ''), file);
    }
  }

  /** Makes the templates that were added usable. */
  build(): void {
    // The compiler's output is code, made from the project's templates.
    // eslint-disable-next-line no-new-func
    this.list = new Function(`return ${this.group.getTmplGenObjectGroups()}`)() as Record<string, any>;
  }

  of(unit: string): Template {
    return { content: this.list[unit], groupList: this.list, fallbackListenerOnNativeNode: true };
  }

  private script(path: string, from: string): void {
    const file = path.endsWith('.wxs') ? path : `${path}.wxs`;
    const name = path.replace(/\.wxs$/, '');
    if (this.added.has(file)) {
      return;
    }
    this.added.add(file);
    if (!this.project.has(file)) {
      throw new Problem(from, `it uses ${file}, which is not there`);
    }
    this.group.addScript(name, this.project.text(file));
  }
}
