/** What pages give, as it is meant. */
import type { ConferenceSettings } from '@huitong/core';
import { kindOf } from './constants.js';

/** What a promise rejects with. */
export interface Trouble {
  error: number;
  message: string;
  /** The stable word for it. */
  code?: string;
  /** What onConferenceExit is told beside its reason. */
  failed?: number | undefined;
}

/** How to enter by name. */
export interface JoinRoomOption {
  roomName?: unknown;
  password?: unknown;
  role?: unknown;
  config?: Record<string, unknown>;
}

/** The older form of pubStream. */
export interface PubOption {
  rtcId?: unknown;
  success?: (result: unknown) => void;
  error?: (error: Trouble) => void;
}

/** The older form of subStream. */
export interface SubOption {
  streamId?: unknown;
  success?: (result: unknown) => void;
  error?: (error: Trouble) => void;
}

/** The code of a parameter that breaks a rule. */
export const BAD_PARAMETER = -405;

/** A trouble that is found here. */
export const trouble = (error: number, message: string): Trouble => ({ error, message });

/** A text, also of a number; empty for anything else. */
export const textOf = (given: unknown): string => (typeof given === 'string' || typeof given === 'number' ? String(given) : '');

/** The JSON text of what a page gives; empty for what has none. What cannot be written, as it contains itself, is a trouble. */
export function jsonOf(name: string, given: unknown): string {
  try {
    return (JSON.stringify(given) as string | undefined) ?? '';
  } catch (error) {
    // What a promise rejects with here is no Error, as in the original: pages read its number.
    throw trouble(BAD_PARAMETER, `${name} cannot be written as JSON: ${String(error)}`);
  }
}

/** The name of a conference: as such, or of the object that stands for it. */
export function nameOf(given: unknown): string {
  const { confrId = '' } = (typeof given === 'object' && given ? given : { confrId: given }) as { confrId?: unknown };
  return textOf(confrId);
}

/** Those who are named: one or several. */
export function peopleOf(given: unknown): string[] {
  const all: unknown[] = Array.isArray(given) ? given : [given];
  return all.map(textOf).filter((name) => name !== '');
}

/** The option of joinRoom with nothing left out. */
export function optionOf(option: JoinRoomOption | undefined): { roomName: string; password: string; role: number | null; config: Record<string, unknown> } {
  const { roomName, password, role, config } = option ?? {};
  const number = Number(role);
  const missing = role === undefined || role === null || role === '' || !(number > 0);
  return { roomName: textOf(roomName), password: textOf(password), role: missing ? null : number, config: config && typeof config === 'object' ? config : {} };
}

const LIMITS: [string, 'maxTalkers' | 'maxVideos' | 'maxAudience' | 'maxScreens'][] = [
  ['maxTalkerCount', 'maxTalkers'], ['maxVideoCount', 'maxVideos'], ['maxAudienceCount', 'maxAudience'], ['maxPubDesktopCount', 'maxScreens'],
];

/** How a conference is made if joinRoom makes it, and what of the config means nothing. */
export function settingsOf(option: JoinRoomOption | undefined): { settings: ConferenceSettings; ignored: string[] } {
  const { config } = optionOf(option);
  const settings: ConferenceSettings = {
    ...(config['rec'] ? { record: true } : {}), ...(config['recMerge'] ? { recordMerged: true } : {}),
    ...(config['allowAudienceTalk'] === false ? { noHands: true } : {}),
  };
  const ignored: string[] = [];
  for (const [name, limit] of LIMITS) {
    const given = config[name];
    const number = Number(given);
    if (given !== undefined && given !== null && given !== '') {
      if (number >= 0 && number % 1 === 0) {
        settings[limit] = number;
      } else {
        ignored.push(`config.${name} must be a whole number from 0 on, and is left out`);
      }
    }
  }
  const kind = kindOf(config['confrType'] ?? 0);
  return { settings: kind ? { ...settings, kind } : settings, ignored };
}
