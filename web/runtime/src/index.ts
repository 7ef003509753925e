/** `<live-pusher>` and `<live-player>` for browsers. */
import { LivePlayer } from './live-player.js';
import { LivePusher } from './live-pusher.js';

export { NETSTATUS_MS, PLAY, PUSH, VOLUME_MS } from './codes.js';
export { createLivePlayerContext, createLivePusherContext } from './contexts.js';
export { LivePlayer } from './live-player.js';
export { LivePusher } from './live-pusher.js';
export type { Operation, Options } from './operate.js';
export { shared } from './settings.js';

/** Makes the elements known to the page. Calling it again has no effect. */
export function define(): void {
  if (!customElements.get('live-pusher')) {
    customElements.define('live-pusher', LivePusher);
    customElements.define('live-player', LivePlayer);
  }
}
