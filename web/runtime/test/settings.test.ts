import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Shared } from '../src/settings.ts';

const BASES = { rtmp: 'rtmp://h/live', flv: 'http://h/flv', wsFlv: 'ws://h/flv', whip: 'http://h/whip', whep: 'http://h/whep' };

test('who_waits_for_the_addresses_goes_on_as_soon_as_they_are_known', async () => {
  const shared = new Shared();
  let known = false;
  const waiting = shared.whenKnown(60_000).then(() => (known = true));
  await Promise.resolve();
  assert.equal(known, false);
  shared.bases = BASES;
  await waiting;
  assert.equal(known, true);
  await shared.whenKnown(60_000);
});

test('who_waits_in_vain_goes_on_as_well', async () => {
  await new Shared().whenKnown(1);
});
