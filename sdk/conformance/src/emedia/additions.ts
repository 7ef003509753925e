/** Checks of what is beyond the original API: hands, muting, and saying what is switched off. */
import assert from 'node:assert/strict';
import type { Check, Checks } from '../ledger.js';
import { two } from './methods.js';
import { World } from './rig.js';

const ROOM = { text: 'standup' };

/** Somebody in the audience asks, and is refused. */
const hands: Check = async () => {
  const { world, ann, bob, confrId } = await two();
  await world.settled(ann.mgr.grantRole(confrId, ['bob'], 1));
  ann.take();
  assert.equal((await world.settled(bob.mgr.raiseHand())).error, 0);
  assert.deepEqual(ann.one('onHandRaised').map((one) => one.userName ?? one), ['bob', true]);
  await world.settled(bob.mgr.raiseHand(false));
  assert.equal(ann.one('onHandRaised')[1], false);
  await world.settled(bob.mgr.raiseHand());
  bob.take();
  assert.equal((await world.settled(bob.mgr.declineHand(confrId, 'ann'))).rejected.error, -520);
  assert.equal((await world.settled(ann.mgr.declineHand(confrId, 'bob'))).error, 0);
  assert.deepEqual(bob.one('onHandDeclined'), []);
  await world.settled(bob.mgr.raiseHand());
  const [{ id }] = ann.take().pop()?.args ?? [];
  assert.equal((await world.settled(ann.mgr.declineHand(confrId, id))).error, 0, 'by its id, too');
  assert.deepEqual(bob.one('onHandDeclined'), []);
  const quiet = await two({ config: { allowAudienceTalk: false } });
  await quiet.world.settled(quiet.ann.mgr.grantRole(quiet.confrId, ['bob'], 1));
  assert.equal((await quiet.world.settled(quiet.bob.mgr.raiseHand())).rejected.error, -520, 'where admins are not to be asked');
  assert.equal((await quiet.world.settled(quiet.bob.mgr.raiseHand(false))).error, 0);
};

const muting: Check = async () => {
  const { world, ann, bob, confrId } = await two();
  assert.equal((await world.settled(bob.mgr.muteMembers(confrId, ['ann']))).rejected.error, -520);
  await world.settled(ann.mgr.muteMembers(confrId, ['bob']));
  assert.deepEqual(bob.one('onMuted'), [{ audio: true, video: false }]);
  await world.settled(ann.mgr.muteMembers(confrId, 'bob', { audio: false, video: false }));
  assert.deepEqual(bob.one('onMuted'), [{ audio: false, video: false }]);
};

/** See the head of the file. */
export const additionChecks: Checks = {
  'emedia.method.mgr.raiseHand': hands,
  'emedia.method.mgr.declineHand': hands,
  'emedia.callback.onHandRaised': hands,
  'emedia.callback.onHandDeclined': hands,
  'emedia.method.mgr.muteMembers': muting,
  'emedia.callback.onMuted': muting,
  'emedia.method.mgr.subMix': async () => {
    const plain = await two();
    assert.equal((await plain.world.settled(plain.ann.mgr.subMix())).rejected.error, -1, 'only large conferences have a mix by themselves');
    const { world, ann, bob } = await two({ config: { confrType: 11 } });
    const streams = (user: string): void => world.server.stream(ROOM, user, 'main', true, true);
    streams('bob');
    await world.wait();
    const { rtmp, flv } = await world.settled(ann.mgr.subMix());
    assert.match(rtmp, /^rtmp:.*mix-of-the-room/);
    assert.match(flv, /^http.*mix-of-the-room.*\.flv$/);
    await world.inRoom('cid');
    streams('cid');
    await world.wait();
    await world.settled(ann.mgr.subMix(false));
    const asked = world.server.requests('subscribe').map(({ user, audio, video }) => [user, audio, video]);
    assert.deepEqual(asked, [['bob', false, true], ['cid', false, true], ['bob', true, true], ['cid', true, true]]);
    assert.equal(bob.mgr.mixed, false, 'who has not asked hears single voices');
    const any = await two({ config: { mix: true } });
    assert.match((await any.world.settled(any.ann.mgr.subMix())).rtmp, /mix-of-the-room/, 'in any conference for who says so at the entry');
  },
  'emedia.method.mgr.setMedia': async () => {
    const { world, ann } = await two();
    const published = (): unknown[] => world.server.published('ann').map(({ audio, video }) => [audio, video]);
    assert.deepEqual((await world.settled(ann.mgr.setMedia({ video: false }))).data, { error: 0, aoff: 0, voff: 1 }, 'before there is a stream');
    assert.equal((await world.settled(ann.mgr.pubStream('wx-1-abc'))).voff, 1);
    assert.deepEqual(published(), [[true, false]]);
    await world.settled(ann.mgr.setMedia({ audio: false, video: true }));
    assert.deepEqual(published(), [[false, true]]);
    await world.settled(ann.mgr.setMedia({ audio: 1, video: undefined }));
    assert.deepEqual(published(), [[true, true]], 'as pages write it, and what is left out stays');
    ann.mgr.exitConference();
    await world.settled(ann.mgr.joinRoom({ roomName: 'standup', role: 3 }));
    assert.equal((await world.settled(ann.mgr.pubStream('wx-2-abc'))).voff, 0, 'the next conference begins anew');
  },
  'emedia.callback.onMemberRoleChanged': async () => {
    const { world, ann, confrId } = await two();
    await world.settled(ann.mgr.grantRole(confrId, ['bob'], 7));
    const [member, role] = ann.one('onMemberRoleChanged');
    assert.deepEqual([member.userName, member.role, role], ['bob', 7, 7]);
  },
  'emedia.callback.onAudienceChanged': async () => {
    const world = new World();
    const ann = await world.inRoom('ann', 'standup', { config: { confrType: 12 } });
    world.server.push('ann', { ev: 'audience', count: 3 });
    await world.wait();
    assert.deepEqual(ann.one('onAudienceChanged'), [3]);
  },
  'emedia.callback.onPushRefused': async () => {
    const { world, ann } = await two();
    const error = { code: 'conference-limit', message: 'Enough cameras are on.', blame: 'client', retry: 'later' } as const;
    world.server.push('ann', { ev: 'publishRefused', stream: 'main', error });
    await world.wait();
    assert.deepEqual(ann.one('onPushRefused'), [{ error: -510, message: 'Enough cameras are on.' }]);
    assert.equal(world.server.members(ROOM).length, 2);
  },
};
