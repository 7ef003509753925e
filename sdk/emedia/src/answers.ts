/** How pages are answered. */
import type { Asked, Entrance } from '@huitong/core';
import { UNKNOWN, failedCode } from './exits.js';
import { jsonOf } from './params.js';
import type { Trouble } from './params.js';

/** What a promise rejects with for what the server refused. */
export function refusal(asked: Asked): Trouble {
  const { code, message } = 'error' in asked ? asked.error : { code: 'internal', message: 'The server answered something else.' };
  return { error: 'error' in asked ? failedCode(asked.error) : UNKNOWN, message, code };
}

/** What the others are shown of this. */
export function extension(ext: unknown): Pick<Entrance, 'ext'> {
  const empty = ext === undefined || ext === null || (typeof ext === 'object' && Object.keys(ext).length === 0);
  return empty ? {} : { ext: jsonOf('ext', ext) };
}

/** What came before promises: functions in the option. */
export function callingBack(option: { success?: unknown; error?: unknown } | undefined, result: Promise<any>): Promise<any> {
  const { success, error } = option ?? {};
  if (typeof success !== 'function' && typeof error !== 'function') {
    return result;
  }
  return result.then(
    (value) => {
      if (typeof success === 'function') {
        success(value);
      }
      return value;
    },
    (trouble: Trouble) => {
      if (typeof error !== 'function') {
        throw trouble;
      }
      error(trouble);
      return undefined;
    },
  );
}
