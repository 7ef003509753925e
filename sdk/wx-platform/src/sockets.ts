/** WebSockets of the mini-program runtime. */
import type { Socket, SocketListener } from '@huitong/core';

/** No close frame came (RFC 6455, section 7.4.1). */
const ABNORMAL = 1006;
/** Close code of a client that is done. */
const NORMAL = 1000;
/** How long the runtime may take to open a socket, ms. */
const OPEN_MS = 10000;

/** Opens a socket as the platform interface says: one `closed`, never inside this call. */
export function connect(url: string, listener: SocketListener, later: (run: () => void) => void): Socket {
  let over = false;
  const closed = (code: number, reason: string): void => {
    if (!over) {
      over = true;
      listener.closed(code, reason);
    }
  };
  const failed = (result: { errMsg?: string } | undefined): void => {
    later(() => closed(ABNORMAL, (result && result.errMsg) || 'the socket failed'));
  };
  let task: WxSocketTask | undefined;
  try {
    // Without a callback newer base libraries answer with a promise in place of the task.
    task = wx.connectSocket({ url, tcpNoDelay: true, timeout: OPEN_MS, fail: failed, success: () => undefined });
  } catch (error) {
    failed({ errMsg: String(error) });
  }
  if (!task) {
    failed({ errMsg: 'the runtime gave no socket: at most five may be open' });
    return { send: () => undefined, close: () => (over = true) };
  }
  const opened = task;
  const shut = (code: number, reason: string): void => {
    try {
      opened.close({ code, reason, fail: () => undefined });
    } catch {
      // It is closed already; that is what was wanted.
    }
  };
  // The runtime ignores a close before the socket is open: it opens all the same, and counts among the five.
  opened.onOpen(() => (over ? shut(NORMAL, '') : listener.opened()));
  opened.onMessage(({ data }) => over || typeof data !== 'string' || listener.text(data));
  opened.onError(failed);
  opened.onClose((event) => closed((event && event.code) || ABNORMAL, (event && event.reason) || ''));
  return {
    send: (text) => {
      try {
        opened.send({ data: text, fail: failed });
      } catch (error) {
        failed({ errMsg: String(error) });
      }
    },
    close: (code, reason) => {
      over = true;
      shut(code, reason);
    },
  };
}
