/** What pages get of streams without media: addresses, and when. Real media goes through them in tests/phones. */
import assert from 'node:assert/strict';
import type { Checks } from '../ledger.js';
import { two } from './methods.js';
import { World } from './rig.js';

/** See the head of the file. */
export const streamChecks: Checks = {
  'emedia.method.mgr.pubStream': async () => {
    const world = new World();
    const ann = world.person('ann');
    const calls: any[] = [];
    void ann.mgr.joinRoom({ roomName: 'standup', role: 7 });
    const early = ann.mgr.pubStream('wx-1-abc');
    void ann.mgr.pubStream({ rtcId: 'wx-2-abc', success: (result: any) => calls.push(result.rtmp) });
    const published = await world.settled(early);
    assert.match(published.data.rtmp, /^rtmp:\/\/media\.example:1935\/live\/[A-Za-z0-9_-]{16,}$/);
    assert.ok(published.data.rtmp.length <= 128);
    assert.equal(published.rtmp, published.data.rtmp);
    assert.deepEqual(calls, [published.rtmp], 'a second call is not a second stream');
    assert.deepEqual(world.server.published('ann').map(({ audio, video }) => [audio, video]), [[true, true]]);
    assert.deepEqual((await world.settled(ann.mgr.setMedia({ video: false }))).data, { error: 0, aoff: 0, voff: 1 });
    assert.deepEqual(world.server.published('ann').map(({ audio, video }) => [audio, video]), [[true, false]]);
    ann.mgr.exitConference();
    const failed: any[] = [];
    assert.equal((await world.settled(ann.mgr.pubStream('wx-3-abc'))).rejected.error, -1);
    await world.settled(ann.mgr.pubStream({ rtcId: 'wx-3-abc', error: (error: any) => failed.push(error.error) }));
    assert.deepEqual(failed, [-1]);
    const lost = world.person('bob');
    world.server.refuse('enter', 'room-full');
    void lost.mgr.joinRoom({ roomName: 'standup', role: 3 });
    assert.equal((await world.settled(lost.mgr.pubStream('wx-1-abc'))).rejected.error, -510, 'what waited for the entry fails with it');
  },
  'emedia.method.mgr.subStream': async () => {
    const { world, ann } = await two();
    world.server.stream({ text: 'standup' }, 'bob', 'main', true, true);
    await world.wait();
    const [{ id }] = ann.one('onStreamAdded');
    const { rtmp, flv, data } = await world.settled(ann.mgr.subStream(id));
    assert.match(rtmp, /^rtmp:\/\/media\.example:1935\/live\/play-bob/);
    assert.match(flv, /^https:\/\/media\.example\/flv\/play-bob.*\.flv$/);
    assert.deepEqual([data.rtmp, data.flv], [rtmp, flv]);
    assert.match((await world.settled(ann.mgr.subStream('RTC9__Of_X9'))).rejected.message, /there is no stream/);
  },
};
