/** `wx.createLivePusherContext` and `wx.createLivePlayerContext` for the elements of a page. */
import { LivePlayer } from './live-player.js';
import { LivePusher } from './live-pusher.js';
import { operate } from './operate.js';
import type { Operation, Options } from './operate.js';

/** Native operations that no browser can do. They fail with a reason, as they do on phones that lack them. */
const NOT_IN_BROWSERS = {
  pusher: [
    'sendMessage', 'applyFilter', 'applyMakeup', 'clearFilters', 'clearMakeups', 'applySticker', 'clearStickers', 'createOffscreenCanvas',
  ],
  player: [
    'requestBackgroundPlayback', 'exitBackgroundPlayback', 'startCasting', 'switchCasting', 'exitCasting', 'reconnectCasting',
  ],
} as const;

function unsupported(prefix: string, names: readonly string[]): Record<string, Operation> {
  const refuse = (): never => {
    throw new Error('not supported in a browser');
  };
  return Object.fromEntries(names.map((name) => [name, operate(`${prefix}.${name}`, refuse)]));
}

const picture = async (element: LivePlayer | LivePusher, options: Options): Promise<object> => {
  const { url, width, height } = await element.snapshot(options['quality'] !== 'compressed');
  return { tempImagePath: url, width, height };
};

/** Turns the screen as the page asks. Only some phones let a page do that; elsewhere the picture stays upright. */
function turn(direction: number): void {
  const { orientation } = screen as { orientation?: { lock?(to: string): Promise<void> } };
  orientation?.lock?.(direction === 0 ? 'portrait' : 'landscape').catch(() => undefined);
}

async function leavePictureInPicture(): Promise<void> {
  if (document.pictureInPictureElement) {
    await document.exitPictureInPicture();
  }
}

/** The context of the page's pusher: there is one per page, as on phones. `asset` gives the address of a file. */
export function createLivePusherContext(
  root: ParentNode = document,
  asset: (path: string) => string = (path) => path,
): Record<string, Operation> {
  const of = (name: string, run: (pusher: LivePusher, options: Options) => unknown): [string, Operation] => [
    name,
    operate(`LivePusherContext.${name}`, (options) => {
      const pusher = root.querySelector('live-pusher');
      if (!(pusher instanceof LivePusher)) {
        throw new Error('there is no live-pusher on this page');
      }
      return run(pusher, options);
    }),
  ];
  return {
    ...unsupported('LivePusherContext', NOT_IN_BROWSERS.pusher),
    ...Object.fromEntries([
      of('start', (pusher) => pusher.start()),
      of('stop', (pusher) => pusher.stop()),
      of('pause', (pusher) => pusher.pause()),
      of('resume', (pusher) => pusher.resume()),
      of('startPreview', (pusher) => pusher.startPreview()),
      of('stopPreview', (pusher) => pusher.stopPreview()),
      of('switchCamera', (pusher) => pusher.switchCamera()),
      of('toggleTorch', (pusher) => pusher.toggleTorch()),
      of('snapshot', picture),
      of('exitPictureInPicture', leavePictureInPicture),
      of('playBGM', (pusher, { url, startTimeMs, endTimeMs }) => pusher.playBGM({
        url: asset(String(url)), from: Number(startTimeMs ?? 0), ...(endTimeMs === undefined ? {} : { to: Number(endTimeMs) }),
      })),
      of('pauseBGM', (pusher) => pusher.pauseBGM()),
      of('resumeBGM', (pusher) => pusher.resumeBGM()),
      of('stopBGM', (pusher) => pusher.stopBGM()),
      of('setBGMVolume', (pusher, { volume }) => pusher.setBGMVolume(Number(volume))),
      of('setMICVolume', (pusher, { volume }) => pusher.setMICVolume(Number(volume))),
      of('setZoom', (pusher, { zoom }) => pusher.setZoom(Number(zoom))),
      of('getMaxZoom', (pusher) => ({ maxZoom: pusher.maxZoom() })),
    ]),
  };
}

/** The context of a player, by its id. */
export function createLivePlayerContext(id: string, root: ParentNode = document): Record<string, Operation> {
  const of = (name: string, run: (player: LivePlayer, options: Options) => unknown): [string, Operation] => [
    name,
    operate(`LivePlayerContext.${name}`, (options) => {
      const player = root.querySelector(`#${CSS.escape(id)}`);
      if (!(player instanceof LivePlayer)) {
        throw new Error(`there is no live-player with the id ${id}`);
      }
      return run(player, options);
    }),
  ];
  return {
    ...unsupported('LivePlayerContext', NOT_IN_BROWSERS.player),
    ...Object.fromEntries([
      of('play', (player) => player.play()),
      of('stop', (player) => player.stop()),
      of('pause', (player) => player.pause()),
      of('resume', (player) => player.resume()),
      of('mute', (player) => player.mute()),
      of('snapshot', picture),
      of('requestFullScreen', async (player, { direction }) => {
        await player.requestFullscreen();
        turn(Number(direction ?? 0));
      }),
      of('exitFullScreen', () => document.exitFullscreen()),
      of('exitPictureInPicture', leavePictureInPicture),
    ]),
  };
}
