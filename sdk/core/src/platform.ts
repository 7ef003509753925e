/**
 * What the core needs from the machine it runs on. Nothing in the core reads a clock, draws a random number or
 * opens a socket by itself, so that tests run it in virtual time.
 */
export interface Platform {
  /** Milliseconds on a clock that does not run backwards within one run of the application. */
  now(): number;
  /** Calls `run` once after `ms` milliseconds; the result cancels it. */
  after(ms: number, run: () => void): Cancel;
  /** Opens a WebSocket. Exactly one `closed` follows sooner or later, and never inside this call. */
  connect(url: string, listener: SocketListener): Socket;
  /** A number in [0, 1), good enough for jitter. */
  random(): number;
  /** Random bytes, as unguessable as the runtime can make them at once. */
  randomBytes(count: number): Uint8Array;
  /** A stored text; empty if there is none. */
  read(key: string): string;
  /** Stores a text across starts of the application; a failure is of no consequence. */
  write(key: string, value: string): void;
  /** Whether the application is in the background now, also for those who ask long after it went there. */
  hidden(): boolean;
  /** The application came to the foreground. [`hidden`] tells so already. */
  onShow(run: () => void): Cancel;
  /** The application went to the background. [`hidden`] tells so already. */
  onHide(run: () => void): Cancel;
  /** The network changed: another kind, lost, or back. */
  onNetwork(run: (connected: boolean) => void): Cancel;
  /** Name and version of the platform, for the server's log. */
  describe(): string;
  /** Writes a line for developers. It never carries credentials or stream keys. */
  log(level: LogLevel, message: string): void;
}

/** Undoes what returned it; calling it again has no effect. */
export type Cancel = () => void;

/** How important a line is. */
export type LogLevel = 'log' | 'info' | 'warn' | 'error';

/** A WebSocket. */
export interface Socket {
  /** Sends a text frame. A failure is told by `closed`. */
  send(text: string): void;
  /** Closes it; nothing is told to the listener afterwards. */
  close(code: number, reason: string): void;
}

/** Who is told what happens on a WebSocket. */
export interface SocketListener {
  /** It is open. */
  opened(): void;
  /** A text frame arrived. */
  text(text: string): void;
  /** It is closed, or it never opened. 1006 when no close frame came. */
  closed(code: number, reason: string): void;
}
