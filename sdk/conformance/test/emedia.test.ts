/** Every record of the ledger of conferences that a simulated phone can show, against the built file; and where the others are shown. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { ROOT, checkable, ledger, promised } from '../src/index.js';
import type { Checks } from '../src/index.js';
import { additionChecks } from '../src/emedia/additions.js';
import { callbackChecks } from '../src/emedia/callbacks.js';
import { ELSEWHERE } from '../src/emedia/elsewhere.js';
import { errorChecks } from '../src/emedia/errors.js';
import { methodChecks } from '../src/emedia/methods.js';
import { objectChecks } from '../src/emedia/objects.js';
import { streamChecks } from '../src/emedia/streams.js';

const checks: Checks = { ...additionChecks, ...callbackChecks, ...errorChecks, ...methodChecks, ...objectChecks, ...streamChecks };
const records = ledger('emedia');
const known = new Set(records.map(({ id }) => id));

test('every_record_of_conferences_that_a_simulated_phone_can_show_has_a_check', () => {
  const without = records.filter(checkable).filter(({ id }) => !checks[id]);
  assert.deepEqual(without.map(({ id }) => id), []);
  assert.deepEqual(Object.keys(checks).filter((id) => !known.has(id)), []);
});

test('every_other_promised_record_of_conferences_names_the_tests_that_show_it', () => {
  const without = records.filter((record) => promised(record) && !checkable(record)).filter(({ id }) => !ELSEWHERE[id]?.tests.length);
  assert.deepEqual(without.map(({ id }) => id), []);
  for (const [id, { tests }] of Object.entries(ELSEWHERE)) {
    assert.ok(known.has(id), id);
    for (const { file, test: name } of tests) {
      assert.ok(readFileSync(path.join(ROOT, file), 'utf8').includes(`'${name}'`), `${id}: ${file} has no test ${name}`);
    }
  }
});

for (const record of records) {
  const check = checks[record.id];
  if (check) {
    test(record.id, () => check(record));
  }
}
