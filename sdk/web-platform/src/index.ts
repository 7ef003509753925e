/** The browser, as the core sees it. */
import type { Cancel, LogLevel, Platform } from '@huitong/core';
import { SteadyClock } from './clock.js';
import { describeBrowser } from './describe.js';
import { connect } from './sockets.js';

export { describeBrowser } from './describe.js';

/** What of a browser's window is used; tests hand over their own. */
export type Scope = Pick<
  typeof globalThis,
  'WebSocket' | 'Date' | 'performance' | 'setTimeout' | 'clearTimeout' | 'crypto' | 'document' | 'navigator' | 'console'
> &
  Pick<Window, 'addEventListener' | 'removeEventListener' | 'localStorage'>;

/** Tells whenever the target fires one of the events. */
function listen(target: Pick<EventTarget, 'addEventListener' | 'removeEventListener'>, names: string[], run: () => void): Cancel {
  const own = (): void => run();
  names.forEach((name) => target.addEventListener(name, own));
  return () => names.forEach((name) => target.removeEventListener(name, own));
}

/** Runs what a browser may forbid (storage in private windows) and gives empty text then. */
function attempt(run: () => string | null): string {
  try {
    return run() ?? '';
  } catch {
    return '';
  }
}

/** `navigator.connection`, which only some browsers have. */
function connectionOf(navigator: Navigator): EventTarget | null {
  const { connection } = navigator as Navigator & { connection?: unknown };
  return typeof connection === 'object' && connection !== null && 'addEventListener' in connection
    ? (connection as EventTarget)
    : null;
}

function watchNetwork(scope: Scope, run: (connected: boolean) => void): Cancel {
  const tell = (): void => run(scope.navigator.onLine !== false);
  const connection = connectionOf(scope.navigator);
  const undo = [listen(scope, ['online', 'offline'], tell)];
  if (connection) {
    undo.push(listen(connection, ['change'], tell));
  }
  return () => undo.forEach((cancel) => cancel());
}

/**
 * The platform. A page that cannot be seen is in the background: browsers go on running it, but slow its timers down
 * and may freeze it, so the connection looks at its socket when the page is shown again.
 */
export function webPlatform(log?: (level: LogLevel, message: string) => void, scope: Scope = window): Platform {
  const clock = new SteadyClock(scope);
  const hidden = (): boolean => scope.document.visibilityState === 'hidden';
  const whenVisibility = (wanted: boolean, run: () => void): Cancel =>
    listen(scope.document, ['visibilitychange'], () => void (hidden() === wanted && run()));
  const after = (ms: number, run: () => void): Cancel => {
    const timer = scope.setTimeout(run, ms);
    return () => scope.clearTimeout(timer);
  };
  return {
    now: () => clock.now(),
    after,
    connect: (url, listener) => connect((to) => new scope.WebSocket(to), url, listener, (run) => after(0, run)),
    random: () => Math.random(),
    randomBytes: (count) => scope.crypto.getRandomValues(new Uint8Array(count)),
    read: (key) => attempt(() => scope.localStorage.getItem(key)),
    write: (key, value) => void attempt(() => (scope.localStorage.setItem(key, value), '')),
    hidden,
    onShow: (run) => whenVisibility(false, run),
    onHide: (run) => whenVisibility(true, run),
    onNetwork: (run) => watchNetwork(scope, run),
    describe: () => describeBrowser(scope.navigator.userAgent),
    log: log ?? ((level, message) => scope.console[level](`[huitong] ${message}`)),
  };
}
