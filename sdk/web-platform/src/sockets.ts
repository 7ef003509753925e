/** WebSockets of the browser. */
import type { Socket, SocketListener } from '@huitong/core';

/** No close frame came (RFC 6455, section 7.4.1). */
const ABNORMAL = 1006;
/** The only code below 3000 that a page may close with. */
const NORMAL = 1000;

/** Opens a socket as the platform interface says: one `closed`, never inside this call. */
export function connect(
  make: (url: string) => WebSocket,
  url: string,
  listener: SocketListener,
  later: (run: () => void) => void,
): Socket {
  let over = false;
  const closed = (code: number, reason: string): void => {
    if (!over) {
      over = true;
      listener.closed(code, reason);
    }
  };
  let socket: WebSocket;
  try {
    socket = make(url);
  } catch (error) {
    // Above all: a page that came over https may not open ws.
    later(() => closed(ABNORMAL, String(error)));
    return { send: () => undefined, close: () => void (over = true) };
  }
  socket.onopen = () => void (over || listener.opened());
  socket.onmessage = ({ data }: MessageEvent<unknown>) => void (over || typeof data !== 'string' || listener.text(data));
  socket.onclose = (event) => closed(event.code, event.reason);
  return {
    send: (text) => {
      try {
        socket.send(text);
      } catch (error) {
        later(() => closed(ABNORMAL, String(error)));
      }
    },
    close: (code, reason) => {
      over = true;
      try {
        socket.close(code === NORMAL || code >= 3000 ? code : NORMAL, reason);
      } catch {
        socket.close(); // The reason was longer than a close frame can carry.
      }
    },
  };
}
