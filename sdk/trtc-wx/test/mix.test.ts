/** All voices as one sound: what the page is told, and what not. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Phone } from '../../conformance/src/phone.js';
import { Rig } from '../../conformance/src/trtc-wx/rig.js';

/** Ann plays the mix of bob and cid. */
function mixed(phone = new Phone()): Rig {
  const rig = new Rig({ env: 'test' }, phone);
  phone.pages.push({ name: 'home' }, rig.page);
  rig.join().guest('bob', true).guest('cid', true);
  rig.trtc.subMix();
  rig.wait(200);
  assert.match(rig.take().filter(({ eventCode }) => eventCode === 'REMOTE_MIX_UPDATE').pop()?.data.src ?? '', /mix-of-the-room/);
  return rig;
}

test('how_loud_all_are_is_told_at_once_and_only_when_it_changes', () => {
  const rig = mixed();
  rig.server.levels = [{ user: 'bob', level: 63 }, { user: 'cid', level: 5 }, { user: 'nobody', level: 9 }];
  rig.wait(5000);
  const told = rig.take();
  assert.deepEqual(told.map(({ eventCode }) => eventCode), ['REMOTE_AUDIO_VOLUME_UPDATE']);
  assert.deepEqual(told[0]?.data.playerList.map(({ userID, volume }: any) => [userID, volume]), [['bob', 63], ['cid', 5]]);
  rig.server.levels = [{ user: 'bob', level: 0 }, { user: 'cid', level: 5 }];
  rig.wait(5000);
  assert.equal(rig.take().length, 1);
});

test('the_end_of_the_stay_is_the_end_of_the_mix_and_a_closed_page_is_told_nothing', () => {
  const rig = mixed();
  rig.trtc.exitRoom();
  assert.deepEqual(rig.wait(1000).take().filter(({ eventCode }) => eventCode === 'REMOTE_MIX_UPDATE').map(({ data }) => data.src), ['']);
  const phone = new Phone();
  const closed = mixed(phone);
  phone.pages.pop();
  assert.deepEqual([closed.wait(60_000).codes(), phone.clock.armed], [[], 0]);
});
