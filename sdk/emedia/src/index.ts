/** Conferences: loading this file makes `wx.emedia`, and gives the same. */
import { share, wxPlatform } from '@huitong/wx-platform';
import { Logger } from './logger.js';
import { Manager } from './manager.js';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const RTC_ID_LETTERS = 3;

let streams = 0;

/** A function that remembers, as its own properties, what it was called with. */
const config = ((options?: object): void => {
  Object.assign(config, options);
}) as { (options?: object): void; logLevel?: number };

const logger = new Logger(() => config.logLevel);
const platform = wxPlatform((level, message) => logger.write(level, message));
const mgr = new Manager(platform, logger);

// What a plug-in of another framework needs; mini programs have no use for it, and some applications look for it.
for (const name of ['publish', 'subscribe', 'postMessage', 'onStateChange']) {
  (mgr as unknown as Record<string, unknown>)[name] = () => mgr.publishPlugin(name);
}

const util = {
  /** A new id for an own stream. */
  getRtcId(): string {
    streams += 1;
    let letters = '';
    while (letters.length < RTC_ID_LETTERS) {
      letters += LETTERS.charAt(Math.floor(platform.random() * LETTERS.length));
    }
    return `wx-${streams}-${letters}`;
  },
};

/** What pages know. */
const emedia = { mgr, util, config, LOG_LEVEL: 0 };

share('emedia', emedia);

export default emedia;
