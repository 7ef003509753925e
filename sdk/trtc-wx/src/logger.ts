/** The developer's console, as loud as the application wants it. Credentials and stream keys never come here. */
import type { LogLevel } from '@huitong/core';
import { print } from '@huitong/wx-platform';

const RANKS: readonly LogLevel[] = ['log', 'info', 'warn', 'error'];

/** See the head of the file. */
export class Logger {
  private level = 0;

  /** A silent logger prints nothing: test environments ask for that. */
  constructor(private readonly silent: boolean) {}

  /** 0 log, 1 info, 2 warn, 3 error: a line is printed when its rank is at least the level. */
  setLevel(level: number): void {
    this.level = level;
  }

  /** Prints a line. */
  write(level: LogLevel, ...what: unknown[]): void {
    if (!this.silent && RANKS.indexOf(level) >= this.level) {
      print(level, '[trtc-wx]', ...what);
    }
  }
}
