/** The developer's console, as loud as the application wants it. Credentials, tickets and stream keys never come here. */
import type { LogLevel } from '@huitong/core';
import { print } from '@huitong/wx-platform';

const RANKS: readonly LogLevel[] = ['log', 'info', 'warn', 'error'];

/** See the head of the file. `level` gives 0 log, 1 info, 2 warn, 3 error: what ranks below it is not printed. */
export class Logger {
  constructor(private readonly level: () => unknown) {}

  /** Prints a line. */
  write(level: LogLevel, ...what: unknown[]): void {
    const least = Number(this.level() ?? 0);
    if (!(RANKS.indexOf(level) < least)) {
      print(level, '[emedia]', ...what);
    }
  }
}
