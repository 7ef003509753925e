import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capture, captureScreen } from '../src/capture.js';
import type { CaptureScope } from '../src/capture.js';
import { asTrouble, Trouble } from '../src/trouble.js';

class FakeStream {
  constructor(readonly tracks: unknown[]) {}
  getTracks(): unknown[] {
    return this.tracks;
  }
}

const named = (name: string): Error => Object.assign(new Error(name), { name });

/** A browser whose devices answer as told: a track, or the name of an error. */
function browser(answers: Record<string, string>, more: object = {}): { scope: CaptureScope; asked: string[] } {
  const asked: string[] = [];
  const getUserMedia = (wish: object): Promise<unknown> => {
    const kinds = Object.keys(wish).sort();
    asked.push(kinds.join('+'));
    const failing = kinds.map((kind) => answers[kind]).find((answer) => answer?.endsWith('Error'));
    return failing ? Promise.reject(named(failing)) : Promise.resolve(new FakeStream(kinds.map((kind) => answers[kind])));
  };
  const scope = { isSecureContext: true, navigator: { mediaDevices: { getUserMedia } }, MediaStream: FakeStream, ...more };
  return { scope: scope as unknown as CaptureScope, asked };
}

const BOTH = { audio: {}, video: {} };
const kinds = (troubles: Trouble[]): string[] => troubles.map(({ kind }) => kind);

test('camera_and_microphone_are_asked_for_together', async () => {
  const { scope, asked } = browser({ audio: 'mic', video: 'cam' });
  const { stream, troubles } = await capture(BOTH, scope);
  assert.deepEqual([stream.getTracks(), troubles, asked], [['mic', 'cam'], [], ['audio+video']]);
});

test('a_microphone_works_on_when_the_camera_is_denied', async () => {
  const { scope } = browser({ audio: 'mic', video: 'NotAllowedError' });
  const { stream, troubles } = await capture(BOTH, scope);
  assert.deepEqual([stream.getTracks(), kinds(troubles)], [['mic'], ['camera-denied']]);
  assert.equal(troubles[0]?.code, 10001);
});

test('every_refusal_of_a_device_has_its_own_kind', async () => {
  const cases = [
    ['NotAllowedError', ['microphone-denied', 'camera-denied']],
    ['NotFoundError', ['no-microphone', 'no-camera']],
    ['NotReadableError', ['microphone-busy', 'camera-busy']],
    ['SomethingElse', ['capture-failed', 'capture-failed']],
  ] as const;
  for (const [error, expected] of cases) {
    const name = error === 'SomethingElse' ? 'UnheardOfError' : error;
    const { scope } = browser({ audio: name, video: name });
    assert.deepEqual(kinds((await capture(BOTH, scope)).troubles), expected, error);
  }
});

test('a_denied_microphone_has_the_code_of_the_native_component', async () => {
  const { scope } = browser({ audio: 'NotAllowedError' });
  assert.equal((await capture({ audio: {} }, scope)).troubles[0]?.code, 10002);
});

test('an_insecure_page_and_an_old_browser_are_told_apart', async () => {
  const insecure = browser({}, { isSecureContext: false, navigator: {} });
  const old = browser({}, { navigator: {} });
  assert.deepEqual(kinds((await capture(BOTH, insecure.scope)).troubles), ['insecure-page']);
  assert.deepEqual(kinds((await capture(BOTH, old.scope)).troubles), ['unsupported']);
});

test('nothing_is_asked_for_when_nothing_is_wanted', async () => {
  const { scope, asked } = browser({});
  assert.deepEqual([(await capture({ audio: false }, scope)).stream.getTracks(), asked], [[], []]);
});

test('a_screen_that_is_not_chosen_is_denied_and_a_browser_without_sharing_says_so', async () => {
  const deny = { getUserMedia: () => undefined, getDisplayMedia: () => Promise.reject(named('NotAllowedError')) };
  const denied = browser({}, { navigator: { mediaDevices: deny } });
  await assert.rejects(captureScreen(denied.scope), (error: Trouble) => error.kind === 'screen-denied');
  await assert.rejects(captureScreen(browser({}).scope), (error: Trouble) => error.kind === 'unsupported');
});

test('whatever_is_thrown_becomes_trouble', () => {
  const known = new Trouble('refused', 'no', 403);
  assert.equal(asTrouble(known, 'lost'), known);
  assert.equal(asTrouble('x', 'lost').kind, 'lost');
});
