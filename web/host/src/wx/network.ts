/** Sockets and requests. */
import { api, Channel, Refusal } from './call.js';
import type { Options } from './call.js';

/** As many sockets may be open at a time, as on phones. */
const MOST_SOCKETS = 5;

/** How long a request may take unless the page says otherwise, ms. */
const REQUEST_MS = 60_000;

let open = 0;

/** A socket as pages know it; `heard` sees every text that arrives, for those who look after media. */
export function connectSocket(options: Options, heard: (url: string, text: string) => void): object | undefined {
  const fail = (message: string): undefined => {
    const told = { errMsg: `connectSocket:fail ${message}` };
    queueMicrotask(() => {
      options.fail?.(told);
      options.complete?.(told);
    });
    return undefined;
  };
  if (open >= MOST_SOCKETS) {
    return fail(`at most ${MOST_SOCKETS} sockets are open`);
  }
  let socket: WebSocket;
  try {
    socket = new WebSocket(String(options['url']), (options['protocols'] as string[] | undefined) ?? []);
  } catch (error) {
    return fail((error as Error).message);
  }
  open += 1;
  socket.binaryType = 'arraybuffer';
  const [opened, closed, failed, message] = [new Channel<object>(), new Channel<object>(), new Channel<object>(), new Channel<object>()];
  socket.addEventListener('open', () => opened.tell({ header: {} }));
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') {
      heard(String(options['url']), data);
    }
    message.tell({ data });
  });
  socket.addEventListener('error', () => failed.tell({ errMsg: 'the socket failed' }));
  socket.addEventListener('close', ({ code, reason }) => {
    open -= 1;
    closed.tell({ code, reason });
  });
  queueMicrotask(() => {
    options.success?.({ errMsg: 'connectSocket:ok' });
    options.complete?.({ errMsg: 'connectSocket:ok' });
  });
  return {
    send: api('sendSocketMessage', ({ data }) => {
      if (socket.readyState !== WebSocket.OPEN) {
        throw new Error('the socket is not open');
      }
      socket.send(data);
    }),
    close: api('closeSocket', ({ code, reason }) => {
      // Browsers allow 1000 and 3000 to 4999 only.
      socket.close(code === undefined ? undefined : code === 1000 || code >= 3000 ? code : 1000, reason ?? '');
    }),
    onOpen: opened.on, onMessage: message.on, onError: failed.on, onClose: closed.on,
  };
}

function body(options: Options, method: string): { url: string; body: BodyInit | null } {
  const { data } = options;
  let url = String(options['url']);
  if (data === undefined || data === null) {
    return { url, body: null };
  }
  const fields = (): string => new URLSearchParams(Object.entries(data as Record<string, unknown>).map(([key, value]) => [key, String(value)])).toString();
  if (method === 'GET' || method === 'HEAD') {
    if (typeof data === 'object') {
      url += (url.includes('?') ? '&' : '?') + fields();
    }
    return { url, body: null };
  }
  if (typeof data === 'string' || data instanceof ArrayBuffer) {
    return { url, body: data };
  }
  const type = String(header(options, 'content-type') ?? '');
  return { url, body: type.includes('x-www-form-urlencoded') ? fields() : JSON.stringify(data) };
}

function header(options: Options, name: string): unknown {
  const headers = (options['header'] ?? {}) as Record<string, unknown>;
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** `wx.request`: any status is a success, as on phones. */
export function request(options: Options): { abort(): void } {
  const method = String(options['method'] ?? 'GET').toUpperCase();
  const stop = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop.abort();
  }, Number(options['timeout'] ?? REQUEST_MS));
  const run = async (): Promise<object> => {
    const { url, body: content } = body(options, method);
    const headers = new Headers(Object.entries((options['header'] ?? {}) as Record<string, string>));
    if (content !== null && !headers.has('content-type')) {
      headers.set('content-type', 'application/json');
    }
    try {
      const response = await fetch(url, { method, headers, body: content, signal: stop.signal });
      const data = options['responseType'] === 'arraybuffer' ? await response.arrayBuffer() : await response.text();
      return {
        data: typeof data === 'string' && (options['dataType'] ?? 'json') === 'json' ? parsed(data) : data,
        statusCode: response.status, header: Object.fromEntries(response.headers), cookies: [],
      };
    } catch (error) {
      throw new Refusal(late ? 'timeout' : stop.signal.aborted ? 'abort' : `${(error as Error).message}; other servers must allow this page by CORS`);
    } finally {
      clearTimeout(timer);
    }
  };
  const done = api('request', run)(options);
  return Object.assign(done ?? {}, { abort: () => stop.abort(), onHeadersReceived: () => undefined, offHeadersReceived: () => undefined });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // As on phones: what is no JSON arrives as it is.
  }
}

/** The network as far as browsers tell. */
export class Network {
  readonly changes = new Channel<{ isConnected: boolean; networkType: string }>();

  constructor() {
    const tell = (): void => this.changes.tell({ isConnected: navigator.onLine, networkType: this.type() });
    window.addEventListener('online', tell);
    window.addEventListener('offline', tell);
  }

  type(): string {
    const { connection } = navigator as { connection?: { type?: string; effectiveType?: string } };
    return !navigator.onLine ? 'none' : connection?.type === 'cellular' ? (connection.effectiveType ?? 'unknown') : 'wifi';
  }
}
