/** Every record of the ledger that a simulated phone can show, against the built file; and where the others are shown. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { ROOT, checkable, ledger, promised } from '../src/index.js';
import type { Checks } from '../src/index.js';
import { attributeChecks } from '../src/trtc-wx/attributes.js';
import { claimChecks } from '../src/trtc-wx/claims.js';
import { ELSEWHERE } from '../src/trtc-wx/elsewhere.js';
import { eventChecks } from '../src/trtc-wx/events.js';
import { instanceChecks } from '../src/trtc-wx/instances.js';
import { methodChecks } from '../src/trtc-wx/methods.js';

const checks: Checks = { ...attributeChecks, ...claimChecks, ...eventChecks, ...instanceChecks, ...methodChecks };
const records = ledger('trtc-wx');

const known = new Map(records.map((record) => [record.id, record]));

test('every_record_that_a_simulated_phone_can_show_has_a_check', () => {
  const without = records.filter(checkable).filter(({ id }) => !checks[id]);
  assert.deepEqual(without.map(({ id }) => id), []);
  assert.deepEqual(Object.keys(checks).filter((id) => !known.has(id)), []);
});

test('every_other_promised_record_names_the_tests_that_show_it', () => {
  const without = records.filter((record) => promised(record) && !checkable(record)).filter(({ id, verify }) => {
    const proof = ELSEWHERE[id];
    return !proof || (verify === 'device' ? !proof.standsIn || !(checks[id] || proof.tests.length) : proof.tests.length === 0);
  });
  assert.deepEqual(without.map(({ id }) => id), []);
  assert.deepEqual(Object.keys(ELSEWHERE).filter((id) => !known.has(id)), []);
});

test('the_tests_that_records_name_exist', () => {
  for (const [id, { tests }] of Object.entries(ELSEWHERE)) {
    for (const { file, test: name } of tests) {
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      const declared = [`test('${name}'`, `test(\`${name}\``, `step('${name}'`, `fn ${name}(`].some((form) => text.includes(form));
      assert.ok(declared, `${id}: ${file} has no test ${name}`);
    }
  }
});

for (const record of records) {
  const check = checks[record.id];
  if (check) {
    test(record.id, () => check(record));
  }
}
