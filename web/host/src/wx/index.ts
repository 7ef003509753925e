/** A `wx` for browsers. */
import { createLivePlayerContext, createLivePusherContext } from '@huitong/web-runtime';
import { api, Refusal } from './call.js';
import type { Options } from './call.js';
import { Files, USER_DATA_PATH } from './files.js';
import { NAMES } from './names.js';
import { connectSocket, Network, request } from './network.js';
import { createInnerAudioContext } from './sound.js';
import { storage } from './storage.js';
import { system } from './system.js';
import type { Life } from './system.js';
import { ui } from './ui.js';

/** Where a page can go; each throws with a reason. */
export interface Navigation {
  navigateTo(url: string): void;
  redirectTo(url: string): void;
  reLaunch(url: string): void;
  switchTab(url: string): void;
  navigateBack(delta: number): void;
}

/** What the page shows around itself. */
export interface Title {
  text(title: string): void;
  colors(front: string, background: string): void;
}

/** What `wx` needs of the page that it is in. */
export interface World {
  /** Name of the project, whose storage it is. */
  project: string;
  navigation: Navigation;
  title: Title;
  life: Life;
  /** A file of the project as an address. */
  asset(path: string): string;
  /** Every text that a socket hears. */
  heard(url: string, text: string): void;
  /** The elements of a component, or of the page on top. */
  elements(component: unknown): ParentNode;
  /** The engine's query, within a component or the page on top. */
  query(): unknown;
}

/** Saves a picture as a download: browsers have no album. */
async function saveImage(options: Options): Promise<void> {
  const link = document.createElement('a');
  link.href = String(options['filePath']);
  link.download = `picture-${Date.now()}.png`;
  link.click();
  await Promise.resolve();
}

function navigation({ navigation: to, title }: World): Record<string, unknown> {
  const go = (name: Exclude<keyof Navigation, 'navigateBack'>): unknown => api(name, ({ url }) => to[name](String(url)));
  return {
    navigateTo: go('navigateTo'), redirectTo: go('redirectTo'), reLaunch: go('reLaunch'), switchTab: go('switchTab'),
    navigateBack: api('navigateBack', ({ delta }) => to.navigateBack(Number(delta ?? 1))),
    setNavigationBarTitle: api('setNavigationBarTitle', (options) => title.text(String(options['title']))),
    setNavigationBarColor: api('setNavigationBarColor', (options) => title.colors(String(options['frontColor']), String(options['backgroundColor']))),
    pageScrollTo: api('pageScrollTo', ({ scrollTop, selector, duration }) => {
      const page = document.querySelector('.wx-page:not([hidden])');
      const behavior = Number(duration ?? 300) > 0 ? 'smooth' : 'instant';
      if (selector) {
        page?.querySelector(String(selector))?.scrollIntoView({ behavior });
      } else {
        page?.scrollTo({ top: Number(scrollTop), behavior });
      }
    }),
  };
}

/** What WeChat has and a browser has not: it fails and says so. */
function absent(have: Record<string, unknown>): Record<string, unknown> {
  const missing = NAMES.filter((name) => !(name in have));
  return Object.fromEntries(missing.map((name) => {
    const refuse = api(name, () => {
      throw new Refusal('not supported in a browser', { errno: 1_500_101 });
    });
    return [name, (options?: unknown) => {
      console.warn(`wx.${name} is not there in a browser`);
      // What gives an object cannot fail by a callback.
      if (/^create|Manager$/.test(name)) {
        throw new Refusal(`wx.${name} is not supported in a browser`);
      }
      return /^(on|off)[A-Z]/.test(name) || name.endsWith('Sync') ? undefined : refuse(typeof options === 'object' && options !== null ? options : {});
    }];
  }));
}

/** See the head of the file. */
export function createWx(world: World): Record<string, unknown> {
  const network = new Network();
  const files = new Files();
  const have: Record<string, unknown> = {
    ...ui(), ...storage(world.project), ...system(world.life), ...navigation(world),
    connectSocket: (options: Options) => connectSocket(options, world.heard),
    request,
    onNetworkStatusChange: network.changes.on, offNetworkStatusChange: network.changes.off,
    getNetworkType: api('getNetworkType', () => ({ networkType: network.type(), weakNet: false })),
    createLivePusherContext: (component?: unknown) => createLivePusherContext(world.elements(component), world.asset),
    createLivePlayerContext: (id: string, component?: unknown) => createLivePlayerContext(id, world.elements(component)),
    createInnerAudioContext: () => createInnerAudioContext((path) => files.address(path) ?? world.asset(path)),
    getFileSystemManager: () => files.manager(),
    env: { USER_DATA_PATH },
    createSelectorQuery: world.query,
    saveImageToPhotosAlbum: api('saveImageToPhotosAlbum', saveImage),
    login: api('login', () => {
      throw new Refusal('a browser has no WeChat account: let the page choose a user itself', { errno: 1_500_102 });
    }),
  };
  const all = { ...absent(have), ...have };
  return Object.assign(all, { canIUse: (schema: string) => typeof have[String(schema).split('.')[0] ?? ''] !== 'undefined' });
}
