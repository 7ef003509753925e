/** Every record of the ledger that a simulated phone can show, against the built file. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ledger, promised } from '../src/index.js';
import type { Checks } from '../src/index.js';
import { attributeChecks } from '../src/trtc-wx/attributes.js';
import { claimChecks } from '../src/trtc-wx/claims.js';
import { eventChecks } from '../src/trtc-wx/events.js';
import { instanceChecks } from '../src/trtc-wx/instances.js';
import { methodChecks } from '../src/trtc-wx/methods.js';

const checks: Checks = { ...attributeChecks, ...claimChecks, ...eventChecks, ...instanceChecks, ...methodChecks };
const records = ledger('trtc-wx');

test('every_promised_record_has_a_check', () => {
  const without = records.filter(promised).filter(({ id }) => !checks[id]);
  assert.deepEqual(without.map(({ id }) => id), []);
  const known = new Set(records.map(({ id }) => id));
  assert.deepEqual(Object.keys(checks).filter((id) => !known.has(id)), []);
});

for (const record of records) {
  const check = checks[record.id];
  if (check) {
    test(record.id, () => check(record));
  }
}
