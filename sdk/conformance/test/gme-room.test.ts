/** Every record of voice rooms that a simulated phone can show, against the built files. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { checkable, ledger, promised } from '../src/index.js';
import type { Checks } from '../src/index.js';
import { claimChecks } from '../src/gme-room/claims.js';
import { eventChecks } from '../src/gme-room/events.js';
import { methodChecks } from '../src/gme-room/methods.js';

const checks: Checks = { ...claimChecks, ...eventChecks, ...methodChecks };
const records = ledger('gme-room');

test('every_record_of_voice_rooms_has_a_check', () => {
  const known = new Set(records.map(({ id }) => id));
  assert.deepEqual(records.filter((record) => promised(record) && !checkable(record)).map(({ id }) => id), []);
  assert.deepEqual(records.filter(checkable).filter(({ id }) => !checks[id]).map(({ id }) => id), []);
  assert.deepEqual(Object.keys(checks).filter((id) => !known.has(id)), []);
});

for (const record of records) {
  const check = checks[record.id];
  if (check) {
    test(record.id, () => check(record));
  }
}
