/** The platform interface in virtual time, over the server in memory. */
import type { LogLevel, Platform } from '@huitong/core';
import type { Clock } from './clock.js';
import type { FakeServer } from './server.js';

/** See the head of the file. */
export class FakePlatform implements Platform {
  readonly lines: string[] = [];
  readonly store = new Map<string, string>();
  private readonly shows = new Set<() => void>();
  private readonly hides = new Set<() => void>();
  private readonly networks = new Set<(connected: boolean) => void>();
  private background = false;
  private bytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly server: FakeServer,
  ) {}

  now(): number {
    return this.clock.now;
  }

  after(ms: number, run: () => void): () => void {
    return this.clock.after(ms, run);
  }

  connect(url: string, listener: Parameters<Platform['connect']>[1]): ReturnType<Platform['connect']> {
    return this.server.connect(url, listener);
  }

  random(): number {
    return 0.5;
  }

  randomBytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => (this.bytes = (this.bytes * 73 + 41) % 256));
  }

  read(key: string): string {
    return this.store.get(key) ?? '';
  }

  write(key: string, value: string): void {
    this.store.set(key, value);
  }

  hidden(): boolean {
    return this.background;
  }

  onShow(run: () => void): () => void {
    this.shows.add(run);
    return () => this.shows.delete(run);
  }

  onHide(run: () => void): () => void {
    this.hides.add(run);
    return () => this.hides.delete(run);
  }

  onNetwork(run: (connected: boolean) => void): () => void {
    this.networks.add(run);
    return () => this.networks.delete(run);
  }

  describe(): string {
    return 'fake/1';
  }

  log(level: LogLevel, message: string): void {
    this.lines.push(`${level} ${message}`);
  }

  /** The application comes to the foreground. */
  show(): void {
    this.background = false;
    [...this.shows].forEach((run) => run());
  }

  /** The application goes to the background. */
  hide(): void {
    this.background = true;
    [...this.hides].forEach((run) => run());
  }

  /** The network changes. */
  network(connected: boolean): void {
    [...this.networks].forEach((run) => run(connected));
  }

  /** Subscriptions to the life of the application, for tests that look for leaks. */
  get subscriptions(): number {
    return this.shows.size + this.hides.size + this.networks.size;
  }
}
