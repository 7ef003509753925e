/** Handlers that pages register by the name of an event. */

/** The one argument of every handler. */
export interface Told {
  eventCode: string;
  data: unknown;
}

/** What pages register. */
export type Handler = (event: Told) => void;

interface Registration {
  handler: Handler;
  context: unknown;
}

/** Handlers by event code. Dispatch is synchronous; what a handler throws reaches whoever caused the event. */
export class Emitter {
  private readonly handlers = new Map<string, Registration[]>();

  /** Adds a handler behind the others; the same one may be added twice. */
  on(code: string, handler: Handler, context?: unknown): void {
    const list = this.handlers.get(code) ?? [];
    list.push({ handler, context });
    this.handlers.set(code, list);
  }

  /** Removes the first registration of the handler; without a handler all of that code. */
  off(code: string, handler?: Handler): void {
    const list = this.handlers.get(code);
    if (!list) {
      return;
    }
    if (handler === undefined) {
      this.handlers.delete(code);
      return;
    }
    const at = list.map((registration) => registration.handler).indexOf(handler);
    if (at >= 0) {
      list.splice(at, 1);
    }
  }

  /** Tells those who are registered now. */
  emit(code: string, data?: unknown): void {
    for (const { handler, context } of (this.handlers.get(code) ?? []).slice()) {
      handler.call(context, { eventCode: code, data });
    }
  }
}
