/** The FLV player library, for browsers. In its own file because it cannot be loaded elsewhere. */
import mpegts from 'mpegts.js';
import type { Engine } from './flv.js';

mpegts.LoggingControl.applyConfig({ enableVerbose: false, enableDebug: false, enableInfo: false, enableWarn: false, enableError: false });

/**
 * FLV over WebSocket. The library's own loader throws into the page when a socket that is being closed fails, which
 * every socket does that is closed before it is open.
 */
class SocketLoader extends mpegts.BaseLoader {
  private socket: WebSocket | null = null;
  private received = 0;

  constructor() {
    super('huitong-socket-loader');
    this._needStash = true;
  }

  override destroy(): void {
    this.abort();
    super.destroy();
  }

  override open(source: { url: string }): void {
    const socket = new WebSocket(source.url);
    this.socket = socket;
    this._status = mpegts.LoaderStatus.kConnecting;
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      const start = this.received;
      this._status = mpegts.LoaderStatus.kBuffering;
      this.received += data.byteLength;
      this.onDataArrival(data, start, this.received);
    };
    // What failed is closed next, which is told once: nothing came, or the stream is over.
    socket.onclose = ({ code }) => {
      this.socket = null;
      if (this.received === 0) {
        this._status = mpegts.LoaderStatus.kError;
        this.onError(mpegts.LoaderErrors.EXCEPTION as never, { code: -1, msg: `the socket closed with ${code}` });
      } else {
        this._status = mpegts.LoaderStatus.kComplete;
        this.onComplete(0, this.received - 1);
      }
    };
  }

  override abort(): void {
    const { socket } = this;
    this.socket = null;
    if (socket) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
    this._status = mpegts.LoaderStatus.kComplete;
  }
}

/** See the head of the file. */
export const engine: Engine = {
  createPlayer: mpegts.createPlayer.bind(mpegts),
  isSupported: mpegts.isSupported.bind(mpegts),
  Events: mpegts.Events,
  SocketLoader: SocketLoader as unknown as NonNullable<Engine['SocketLoader']>,
};
