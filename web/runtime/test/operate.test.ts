import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operate } from '../src/operate.js';

/** Runs an operation and gives what was told, in order. */
async function outcome(run: () => unknown): Promise<unknown[]> {
  const told: unknown[] = [];
  await new Promise<void>((resolve) => {
    operate('Context.work', run)({
      success: (result) => told.push(['success', result]),
      fail: (result) => told.push(['fail', result]),
      complete: (result) => {
        told.push(['complete', result]);
        resolve();
      },
    });
    assert.deepEqual(told, [], 'nothing is told inside the call');
  });
  return told;
}

test('success_brings_the_result_and_then_completes', async () => {
  const result = { tempImagePath: 'blob:1', width: 2, height: 3, errMsg: 'Context.work:ok' };
  assert.deepEqual(await outcome(() => Promise.resolve({ tempImagePath: 'blob:1', width: 2, height: 3 })), [
    ['success', result],
    ['complete', result],
  ]);
});

test('failure_brings_its_reason_and_then_completes', async () => {
  const result = { errMsg: 'Context.work:fail there is no live-pusher on this page' };
  const told = await outcome(() => {
    throw new Error('there is no live-pusher on this page');
  });
  assert.deepEqual(told, [['fail', result], ['complete', result]]);
});

test('an_operation_without_callbacks_fails_in_silence', () => {
  operate('Context.work', () => Promise.reject(new Error('x')))();
});
