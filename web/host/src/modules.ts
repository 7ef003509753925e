/** CommonJS modules of a project. Files with `import` or types are turned into CommonJS first. */
import { transform } from 'sucrase';
import { Problem } from './problem.js';
import type { Project } from './project.js';

/** The names that a file finds beside `require`, `module` and `exports`. */
export type Globals = Record<string, unknown>;

interface Loaded {
  exports: any;
}

/** Words that only modules of the newer kind have. */
const MODERN = /(^|[;}])\s*(import|export)\b/m;

/** The text as CommonJS. */
export function toCommonJs(text: string, file: string): string {
  const typed = file.endsWith('.ts');
  if (!typed && !MODERN.test(text)) {
    return text;
  }
  try {
    return transform(text, {
      transforms: typed ? ['typescript', 'imports'] : ['imports'],
      filePath: file,
      production: true,
      disableESTransforms: true,
    }).code;
  } catch (error) {
    const { message, loc } = error as Error & { loc?: { line?: number } };
    throw new Problem(file, message.replace(`Error transforming ${file}: `, ''), loc?.line ?? 0);
  }
}

/** See the head of the file. */
export class Modules {
  private readonly loaded = new Map<string, Loaded>();

  constructor(
    private readonly project: Project,
    /** What a file finds under which name; asked once per file. */
    private readonly globals: (file: string) => Globals,
  ) {}

  /** Runs a file unless it ran before, and gives what it exports. */
  load(file: string): unknown {
    const known = this.loaded.get(file);
    if (known) {
      return known.exports;
    }
    const module: Loaded = { exports: {} };
    this.loaded.set(file, module);
    const globals = this.globals(file);
    const names = ['require', 'module', 'exports', ...Object.keys(globals)];
    const values = [(name: string) => this.require(name, file), module, module.exports, ...Object.values(globals)];
    this.compile(file, names)(...values);
    return module.exports;
  }

  private compile(file: string, names: string[]): (...values: unknown[]) => void {
    const text = toCommonJs(this.project.text(file), file);
    try {
      // Running the code of a project is what this page is for; its security policy allows it for this page alone.
      // eslint-disable-next-line no-new-func
      return new Function(...names, `${text}\n//# sourceURL=${this.project.assets}${file}`) as (...values: unknown[]) => void;
    } catch (error) {
      throw new Problem(file, `${(error as Error).name}: ${(error as Error).message}`, 0, 'The browser could not read this file as JavaScript.');
    }
  }

  private require(name: unknown, from: string): unknown {
    const found = typeof name === 'string' ? this.project.module(name, from) : '';
    if (found === '') {
      throw new Problem(from, `module '${String(name)}' is not defined`, 0,
        'A path starts at the file that requires it. The SDK files are written into the project by `npm run build`.');
    }
    return this.load(found);
  }
}
