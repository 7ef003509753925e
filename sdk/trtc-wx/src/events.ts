/** The event codes; every value equals its key. */
export const EVENT = {
  LOCAL_JOIN: 'LOCAL_JOIN',
  LOCAL_LEAVE: 'LOCAL_LEAVE',
  KICKED_OUT: 'KICKED_OUT',
  REMOTE_USER_JOIN: 'REMOTE_USER_JOIN',
  REMOTE_USER_LEAVE: 'REMOTE_USER_LEAVE',
  REMOTE_VIDEO_ADD: 'REMOTE_VIDEO_ADD',
  REMOTE_VIDEO_REMOVE: 'REMOTE_VIDEO_REMOVE',
  REMOTE_AUDIO_ADD: 'REMOTE_AUDIO_ADD',
  REMOTE_AUDIO_REMOVE: 'REMOTE_AUDIO_REMOVE',
  REMOTE_STATE_UPDATE: 'REMOTE_STATE_UPDATE',
  LOCAL_NET_STATE_UPDATE: 'LOCAL_NET_STATE_UPDATE',
  REMOTE_NET_STATE_UPDATE: 'REMOTE_NET_STATE_UPDATE',
  LOCAL_AUDIO_VOLUME_UPDATE: 'LOCAL_AUDIO_VOLUME_UPDATE',
  REMOTE_AUDIO_VOLUME_UPDATE: 'REMOTE_AUDIO_VOLUME_UPDATE',
  VIDEO_FULLSCREEN_UPDATE: 'VIDEO_FULLSCREEN_UPDATE',
  BGM_PLAY_START: 'BGM_PLAY_START',
  BGM_PLAY_FAIL: 'BGM_PLAY_FAIL',
  BGM_PLAY_PROGRESS: 'BGM_PLAY_PROGRESS',
  BGM_PLAY_COMPLETE: 'BGM_PLAY_COMPLETE',
  ERROR: 'ERROR',
  PLAYER_WARNING: 'PLAYER_WARNING',
  IM_READY: 'IM_READY',
  IM_MESSAGE_RECEIVED: 'IM_MESSAGE_RECEIVED',
  IM_NOT_READY: 'IM_NOT_READY',
  IM_KICKED_OUT: 'IM_KICKED_OUT',
  IM_ERROR: 'IM_ERROR',
} as const;

/** A value of [`EVENT`]. */
export type EventCode = keyof typeof EVENT;

/** The one argument of every handler. */
export interface TrtcEvent {
  eventCode: string;
  data: unknown;
}

/** What pages register. */
export type Handler = (event: TrtcEvent) => void;

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
  emit(code: EventCode, data?: unknown): void {
    for (const { handler, context } of (this.handlers.get(code) ?? []).slice()) {
      handler.call(context, { eventCode: code, data });
    }
  }
}
