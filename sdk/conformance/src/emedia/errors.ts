/** Checks of error records: each reason and each code is provoked as it comes about. */
import assert from 'node:assert/strict';
import { VENDOR_CODES } from '@huitong/core';
import type { ErrorCode } from '@huitong/core';
import type { Check, Checks } from '../ledger.js';
import { two } from './methods.js';
import { World } from './rig.js';

/** Somebody leaves and says why. */
const givenReason = (reason: number): Check => async () => {
  const { world, ann, bob, confrId } = await two();
  bob.mgr.exitConference(confrId, reason);
  assert.equal(bob.one('onConferenceExit')[0], reason);
  await world.wait();
  assert.equal(ann.one('onMemberExited')[1], reason);
};

/** The entry is refused with this code. */
const refusedEntry = (code: ErrorCode, exit: [number, number]): Check => async () => {
  const world = new World();
  const ann = world.person('ann');
  const { confrId } = await world.settled(ann.mgr.createConference(10));
  world.server.refuse('enter', code);
  const { rejected } = await world.settled(ann.mgr.joinConference(confrId, ''));
  assert.equal(rejected.error, exit[1]);
  assert.deepEqual(ann.one('onConferenceExit'), exit);
};

/** A request inside is refused with this number: the page is told, and stays. */
const refusedRequest = (failed: number): Check => async () => {
  const codes = Object.keys(VENDOR_CODES).filter((code) => VENDOR_CODES[code]?.[2] === failed);
  assert.ok(codes.length > 0, `no code of the server is told as ${failed}`);
  const { world, ann, confrId } = await two();
  world.server.refuse('grant', codes[0] as ErrorCode);
  assert.equal((await world.settled(ann.mgr.grantRole(confrId, ['bob'], 3))).rejected.error, failed);
  assert.deepEqual(ann.take().filter(({ name }) => name === 'onConferenceExit'), []);
};

/** See the head of the file. */
export const errorChecks: Checks = {
  'emedia.error.reason.0': givenReason(0),
  'emedia.error.reason.1': givenReason(1),
  'emedia.error.reason.2': async () => {
    const { world, ann, bob, confrId } = await two();
    await world.settled(ann.mgr.kickMembersById(confrId, ['bob']));
    assert.deepEqual(bob.one('onConferenceExit'), [2, undefined]);
    await refusedEntry('not-admin', [2, -520])({} as never);
    await refusedEntry('internal', [2, -506])({} as never);
  },
  'emedia.error.reason.3': givenReason(3),
  'emedia.error.reason.4': givenReason(4),
  'emedia.error.reason.5': givenReason(5),
  'emedia.error.reason.10': async () => {
    const { world, bob } = await two();
    const again = world.person('bob');
    await world.settled(again.mgr.joinRoom({ roomName: 'standup', role: 3 }), 1000);
    assert.equal(bob.one('onConferenceExit')[0], 10);
    assert.deepEqual(Object.keys(world.server.conferences.people(world.conference())), ['ann', 'bob']);
  },
  'emedia.error.reason.11': async () => {
    const { world, ann, bob, confrId } = await two();
    await world.settled(ann.mgr.destroyConference(confrId));
    assert.deepEqual(bob.one('onConferenceExit'), [11, undefined]);
  },
  'emedia.error.failed.-9527': async () => {
    const world = new World();
    const ann = world.person('ann');
    const made = await world.settled(ann.mgr.createConference(10));
    world.server.unreachable = true;
    world.server.dropAll();
    const entering = ann.mgr.joinConferenceWithTicket(made.confrId, made.ticket);
    assert.equal((await world.settled(entering, 60_000)).rejected.failed, -9527, 'no answer in time');
    assert.deepEqual(ann.one('onConferenceExit'), [4, -9527]);
    const { world: other, bob } = await two();
    other.server.unreachable = true;
    other.server.dropAll();
    await other.wait(300_000);
    assert.deepEqual(bob.one('onConferenceExit'), [4, -9527], 'lost for too long');
  },
  'emedia.error.failed.-500': refusedEntry('ticket-invalid', [4, -500]),
  'emedia.error.failed.-502': async () => {
    const world = new World();
    const ann = world.person('ann');
    const made = await world.settled(ann.mgr.createConference(10));
    world.server.conferences.expireTickets();
    assert.equal((await world.settled(ann.mgr.joinConferenceWithTicket(made.confrId, made.ticket))).rejected.failed, -502);
    assert.deepEqual(ann.one('onConferenceExit'), [4, -502]);
  },
  'emedia.error.failed.-504': async () => {
    const world = new World();
    const ann = world.person('ann');
    const made = await world.settled(ann.mgr.createConference(10));
    await world.settled(ann.mgr.joinConferenceWithTicket(made.confrId, made.ticket));
    ann.mgr.exitConference();
    await world.wait();
    ann.take();
    assert.equal((await world.settled(ann.mgr.joinConferenceWithTicket(made.confrId, made.ticket))).rejected.failed, -504);
    assert.deepEqual(ann.one('onConferenceExit'), [4, -504]);
  },
  'emedia.error.failed.-508': refusedEntry('no-conference', [4, -508]),
  'emedia.error.failed.-510': async () => {
    const world = new World();
    await world.inRoom('ann', 'standup', { config: { maxAudienceCount: 0 } });
    const bob = world.person('bob');
    const result = await world.settled(bob.mgr.joinRoom({ roomName: 'standup', role: 1 }));
    assert.equal(result.reason.failed, -510);
    assert.deepEqual(bob.one('onConferenceExit'), [4, -510]);
  },
  'emedia.error.failed.-501': async () => {
    await refusedEntry('session-gone', [2, -501])({} as never);
    const { world, bob } = await two();
    world.server.refuse('enter', 'session-gone');
    world.server.conferences.exit(world.conference(), 'bob', 'failed');
    await world.wait(5000);
    assert.deepEqual(bob.one('onConferenceExit'), [11, -501], 'for one who was inside it is over');
  },
  'emedia.error.failed.-506': async () => {
    const world = new World();
    const ann = world.person('ann');
    const made = await world.settled(ann.mgr.createConference(10));
    await world.settled(ann.mgr.destroyConference(made.confrId));
    assert.equal((await world.settled(ann.mgr.joinConferenceWithTicket(made.confrId, made.ticket))).rejected.failed, -506);
    assert.deepEqual(ann.one('onConferenceExit'), [11, -506]);
  },
  'emedia.error.failed.-523': async () => {
    const world = new World();
    await world.inRoom('ann', 'standup', { config: { maxTalkerCount: 1 } });
    const bob = world.person('bob');
    const result = await world.settled(bob.mgr.joinRoom({ roomName: 'standup', role: 3 }));
    assert.equal(result.error, -523);
    assert.deepEqual(bob.one('onConferenceExit'), [2, -523]);
  },
  'emedia.error.failed.-507': refusedRequest(-507),
  'emedia.error.failed.-408': refusedRequest(-408),
};
