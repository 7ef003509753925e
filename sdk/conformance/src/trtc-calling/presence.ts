/** Checks of who is online, which the published component does not tell. */
import assert from 'node:assert/strict';
import type { Checks } from '../ledger.js';
import { payload } from './events.js';
import { World } from './rig.js';
import type { Person } from './rig.js';

const told = (one: Person): string[] =>
  one.take().filter(({ eventCode }) => eventCode === 'USER_PRESENCE').map(({ data }) => `${data.userID} ${data.online}`);

/** See the head of the file. */
export const presenceChecks: Checks = {
  'trtc-calling.method.watchUsers': async () => {
    const world = new World();
    const ann = world.person('ann');
    assert.equal(ann.tag.watchUsers(['bob', 'cid', 'bob']), undefined);
    const [bob] = (await world.people('bob')) as [Person];
    void ann.tag.login();
    await world.wait();
    assert.deepEqual(told(ann), ['bob true'], 'a list from before the login; whoever is not named is offline');
    await world.people('cid');
    void bob.tag.logout();
    await world.wait();
    assert.deepEqual(told(ann), ['cid true', 'bob false']);
    assert.equal(ann.tag.watchUsers('bob').code, 6017);
    assert.equal(ann.tag.watchUsers(Array.from({ length: 201 }, (_none, at) => `u${at}`)).code, 6017);
    assert.deepEqual(ann.take().map(({ eventCode }) => eventCode), ['ERROR', 'ERROR']);
    void ann.tag.logout();
    await world.wait();
    void ann.tag.login();
    await world.wait();
    assert.deepEqual(told(ann), ['cid true'], 'the list holds for the next login');
    ann.tag.watchUsers([]);
    await world.people('bob');
    assert.deepEqual(told(ann), []);
  },
  'trtc-calling.event.USER_PRESENCE': async () => {
    const world = new World();
    const [ann] = (await world.people('ann', 'bob')) as [Person];
    ann.tag.watchUsers(['bob']);
    await world.wait();
    const data = ann.one('USER_PRESENCE');
    payload('USER_PRESENCE', data);
    assert.deepEqual(data, { userID: 'bob', online: true });
    world.server.dropAll();
    await world.wait(60_000);
    assert.deepEqual(told(ann).pop() ?? 'nothing', 'nothing', 'a connection that breaks and comes back is not told');
  },
};
