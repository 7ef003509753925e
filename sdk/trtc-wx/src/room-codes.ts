/**
 * Room codes of the native pusher. With rtmp addresses the runtime never sends them; they work when somebody feeds
 * them by hand, as tests of pages do.
 */
import { PUSH } from '@huitong/wx-platform';
import type { StreamType, UserController } from './users.js';

interface CodeUser {
  userid: string;
  streamtype?: StreamType;
  hasvideo?: boolean;
  hasaudio?: boolean;
  playurl?: string;
}

/** Applies code 1031 to 1034 with its JSON message. */
export function roomCode(users: UserController, code: number, message: unknown, warn: (text: string) => void): void {
  let list: CodeUser[];
  try {
    list = (JSON.parse(String(message)) as { userlist: CodeUser[] }).userlist;
  } catch {
    warn(`pusher ${code}: the message is not JSON`);
    return;
  }
  if (!Array.isArray(list)) {
    return;
  }
  for (const { userid, streamtype, hasvideo, hasaudio, playurl } of list) {
    if (code === PUSH.userIn) {
      users.join(userid);
    } else if (code === PUSH.userOut) {
      users.leave(userid);
    } else if (code === PUSH.video) {
      users.video(userid, streamtype ?? 'main', !!hasvideo, playurl);
    } else {
      users.audio(userid, !!hasaudio, playurl);
    }
  }
}
