/** What is wrong with a project, in words for the one who writes it. */

/** A fault of a project: which file, which line, and what to do. */
export class Problem extends Error {
  constructor(
    /** Path within the project. */
    readonly file: string,
    message: string,
    /** Counted from 1; 0 when it is not known. */
    readonly line = 0,
    /** The next step. */
    readonly hint = '',
  ) {
    super(message);
    this.name = 'Problem';
  }

  /** `pages/room/room.wxml:12`. */
  get place(): string {
    return this.line > 0 ? `${this.file}:${this.line}` : this.file;
  }
}

/** Any failure as a problem; `file` is where it came up. */
export function asProblem(error: unknown, file: string): Problem {
  if (error instanceof Problem) {
    return error;
  }
  return new Problem(file, error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}
