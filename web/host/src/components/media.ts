/** Pictures, icons, and the two components that this is all about. */
import { LivePlayer, LivePusher } from '@huitong/web-runtime';
import type { Native, Node } from './base.js';
import { inner } from './base.js';
import { makeReachable } from './reach.js';

/** The page that a path of a picture starts at. */
export interface Surroundings {
  asset(path: string, node: Node): string;
  navigate(node: Node): void;
  /** A button shares the page. */
  share(host: HTMLElement, node: Node): void;
}

/** Modes of `image` that browsers know by other names. */
const FITS: Record<string, [fit: string, position: string]> = {
  scaleToFill: ['fill', 'center'], aspectFit: ['contain', 'center'], aspectFill: ['cover', 'center'], top: ['none', 'top'],
  bottom: ['none', 'bottom'], center: ['none', 'center'], left: ['none', 'left'], right: ['none', 'right'], 'top left': ['none', 'top left'],
  'top right': ['none', 'top right'], 'bottom left': ['none', 'bottom left'], 'bottom right': ['none', 'bottom right'],
};

function image(tag: 'image' | 'cover-image', around: Surroundings): Native {
  return {
    tag,
    props: { src: [String, ''], mode: [String, 'scaleToFill'], lazyLoad: [Boolean, false], showMenuByLongpress: [Boolean, false], webp: [Boolean, false] },
    attached(host, node) {
      const picture = inner(host, 'img');
      picture.alt = '';
      picture.draggable = false;
      node['picture'] = picture;
      picture.addEventListener('load', () => node.triggerEvent('load', { width: picture.naturalWidth, height: picture.naturalHeight }));
      picture.addEventListener('error', () => node.triggerEvent('error', { errMsg: `cannot load ${String(node.data['src'])}` }));
    },
    update(host, data, node) {
      const picture = node['picture'] as HTMLImageElement;
      const src = around.asset(String(data['src']), node);
      if (src === '') {
        picture.removeAttribute('src');
      } else if (picture.getAttribute('src') !== src) {
        picture.src = src;
      }
      const mode = String(data['mode']);
      const [fit, position] = FITS[mode] ?? ['fill', 'center'];
      picture.style.objectFit = fit;
      picture.style.objectPosition = position;
      host.dataset['mode'] = mode;
    },
  };
}

const ICONS: Record<string, string> = {
  success: '✓', success_no_circle: '✓', info: 'i', warn: '!', waiting: '…', cancel: '✕', download: '↓', search: '⌕', clear: '✕', circle: '○', info_circle: 'i',
};

const icon: Native = {
  tag: 'icon',
  props: { type: [String, ''], size: [null, 23], color: [String, ''] },
  update(host, data) {
    host.textContent = ICONS[String(data['type'])] ?? '';
    host.dataset['type'] = String(data['type']);
    host.style.fontSize = `${parseFloat(String(data['size'])) * 0.7}px`;
    host.style.setProperty('--size', `${parseFloat(String(data['size']))}px`);
    host.style.setProperty('--color', String(data['color'] || 'var(--wx-icon)'));
  },
};

const progress: Native = {
  tag: 'progress',
  props: { percent: [Number, 0], strokeWidth: [null, 6], activeColor: [String, '#09bb07'], showInfo: [Boolean, false], active: [Boolean, false], color: [String, ''] },
  update(host, data) {
    Object.assign(host, { max: 100, value: Math.min(Math.max(Number(data['percent']), 0), 100) });
    host.style.height = `${parseFloat(String(data['strokeWidth']))}px`;
    host.style.accentColor = String(data['color'] || data['activeColor']);
  },
};

function navigator(around: Surroundings): Native {
  return {
    tag: 'navigator',
    props: { url: [String, ''], openType: [String, 'navigate'], delta: [Number, 1], target: [String, 'self'] },
    attached(host, node) {
      makeReachable(host, 'link');
      host.addEventListener('click', () => around.navigate(node));
    },
  };
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A component whose element is one of the runtime's: properties become attributes, its events those of the component. */
function live(tag: 'live-pusher' | 'live-player', around: Surroundings, props: NonNullable<Native['props']>, events: string[]): Native {
  const written = new WeakMap<HTMLElement, Map<string, string>>();
  return {
    tag,
    props,
    attached(host, node) {
      for (const name of events) {
        host.addEventListener(name, (event) => node.triggerEvent(name, (event as CustomEvent).detail));
      }
    },
    update(host, data, node) {
      const known = written.get(host) ?? new Map<string, string>();
      written.set(host, known);
      // What starts it goes last, so that it starts with everything else in place.
      const late = ['url', 'src', 'autopush', 'autoplay'];
      const order = Object.keys(props).sort((a, b) => late.indexOf(a) - late.indexOf(b));
      for (const name of order) {
        const value = name === 'waitingImage' ? around.asset(String(data[name]), node) : String(data[name]);
        // An attribute that the page does not set has the element's own default.
        if (known.get(name) !== value && (known.has(name) || value !== String(props[name]?.[1]))) {
          known.set(name, value);
          host.setAttribute(kebab(name), value);
        }
      }
    },
    detached(host) {
      if (host instanceof LivePusher || host instanceof LivePlayer) {
        host.stop();
      }
    },
  };
}

const pusher = (around: Surroundings): Native => live('live-pusher', around, {
  mode: [String, 'RTC'], enableCamera: [Boolean, true], enableMic: [Boolean, true], muted: [Boolean, false], autoFocus: [Boolean, true],
  orientation: [String, 'vertical'], beauty: [Number, 0], whiteness: [Number, 0], aspect: [String, '9:16'], minBitrate: [Number, 200],
  maxBitrate: [Number, 1000], audioQuality: [String, 'high'], waitingImage: [String, ''], waitingImageHash: [String, ''], zoom: [Boolean, false],
  devicePosition: [String, 'front'], backgroundMute: [Boolean, false], mirror: [Boolean, false], remoteMirror: [Boolean, false],
  localMirror: [String, 'auto'], audioReverbType: [Number, 0], audioVolumeType: [String, ''], videoWidth: [Number, 360], videoHeight: [Number, 640],
  beautyStyle: [String, 'smooth'], filter: [String, 'standard'], enableAgc: [Boolean, false], enableAns: [Boolean, false],
  enableEarMonitor: [Boolean, false], fps: [Number, 15], pictureInPictureMode: [null, ''], url: [String, ''], autopush: [Boolean, false],
}, ['statechange', 'netstatus', 'error', 'bgmstart', 'bgmprogress', 'bgmcomplete', 'audiovolumenotify', 'enterpictureinpicture', 'leavepictureinpicture']);

const player = (around: Surroundings): Native => live('live-player', around, {
  mode: [String, 'live'], muted: [Boolean, false], orientation: [String, 'vertical'], objectFit: [String, 'contain'], backgroundMute: [Boolean, false],
  minCache: [Number, 1], maxCache: [Number, 3], soundMode: [String, 'speaker'], autoPauseIfNavigate: [Boolean, true], autoPauseIfOpenNative: [Boolean, true],
  pictureInPictureMode: [null, ''], enableRecvMessage: [Boolean, false], muteAudio: [Boolean, false], muteVideo: [Boolean, false], src: [String, ''],
  autoplay: [Boolean, false],
}, ['statechange', 'fullscreenchange', 'netstatus', 'audiovolumenotify', 'enterpictureinpicture', 'leavepictureinpicture', 'error']);

/** The components of this file. */
export function media(around: Surroundings): Native[] {
  return [image('image', around), image('cover-image', around), icon, progress, navigator(around), pusher(around), player(around)];
}
