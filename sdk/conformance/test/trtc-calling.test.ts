/** Every record of the ledger of calls that a simulated phone can show, against the built component. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { checkable, ledger } from '../src/index.js';
import type { Checks } from '../src/index.js';
import { claimChecks } from '../src/trtc-calling/claims.js';
import { eventChecks } from '../src/trtc-calling/events.js';
import { methodChecks } from '../src/trtc-calling/methods.js';
import { presenceChecks } from '../src/trtc-calling/presence.js';

const checks: Checks = { ...claimChecks, ...eventChecks, ...methodChecks, ...presenceChecks };
const records = ledger('trtc-calling');

test('every_record_of_calls_that_a_simulated_phone_can_show_has_a_check', () => {
  const known = new Set(records.map(({ id }) => id));
  const without = records.filter(checkable).filter(({ id }) => !checks[id]);
  assert.deepEqual(without.map(({ id }) => id), []);
  assert.deepEqual(Object.keys(checks).filter((id) => !known.has(id)), []);
});

for (const record of records) {
  const check = checks[record.id];
  if (check) {
    test(record.id, () => check(record));
  }
}
