/** Sounds that a page plays by itself, such as a ring tone. */
import { Channel } from './call.js';

const EVENTS = { onPlay: 'play', onPause: 'pause', onEnded: 'ended', onCanplay: 'canplay', onTimeUpdate: 'timeupdate', onWaiting: 'waiting', onSeeked: 'seeked' } as const;

/** `wx.createInnerAudioContext`; paths start at the project. */
export function createInnerAudioContext(asset: (path: string) => string): Record<string, unknown> {
  const audio = new Audio();
  const [stopped, failed] = [new Channel<object>(), new Channel<object>()];
  const fail = (errMsg: string): void => failed.tell({ errCode: 10001, errMsg });
  audio.addEventListener('error', () => fail(audio.error?.message ?? 'the sound cannot be played'));
  const context: Record<string, unknown> = {
    startTime: 0,
    play: () => void audio.play().catch((error: Error) => fail(error.message)),
    pause: () => audio.pause(),
    stop: () => {
      audio.pause();
      audio.currentTime = 0;
      stopped.tell({});
    },
    seek: (seconds: number) => void (audio.currentTime = seconds),
    destroy: () => {
      audio.pause();
      audio.removeAttribute('src');
    },
    onStop: stopped.on, offStop: stopped.off, onError: failed.on, offError: failed.off,
  };
  for (const [name, event] of Object.entries(EVENTS)) {
    const channel = new Channel<object>();
    audio.addEventListener(event, () => channel.tell({}));
    context[name] = channel.on;
    context[name.replace('on', 'off')] = channel.off;
  }
  const field = (name: string, get: () => unknown, set?: (value: any) => void): void => {
    Object.defineProperty(context, name, { get, ...(set ? { set } : {}), enumerable: true });
  };
  let src = '';
  field('src', () => src, (value: string) => {
    src = value;
    audio.src = asset(value);
  });
  field('loop', () => audio.loop, (value: boolean) => (audio.loop = value));
  field('volume', () => audio.volume, (value: number) => (audio.volume = value));
  field('playbackRate', () => audio.playbackRate, (value: number) => (audio.playbackRate = value));
  field('autoplay', () => audio.autoplay, (value: boolean) => (audio.autoplay = value));
  field('obeyMuteSwitch', () => true, () => undefined);
  field('paused', () => audio.paused);
  field('duration', () => audio.duration || 0);
  field('currentTime', () => audio.currentTime);
  field('buffered', () => (audio.buffered.length > 0 ? audio.buffered.end(audio.buffered.length - 1) : 0));
  return context;
}
