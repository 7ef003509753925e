/** Checks of the methods of pusherInstance and playerInstance. */
import assert from 'node:assert/strict';
import type { Check, Checks } from '../ledger.js';
import { Rig } from './rig.js';

const pusherPassThrough: Check = ({ name }) => {
  const rig = new Rig();
  const pusher = rig.trtc.createPusher();
  const options = { success: () => undefined };
  assert.equal(pusher[name](options), undefined);
  assert.deepEqual(rig.phone.calls, [{ target: 'pusher', name, options }]);
  assert.equal(rig.phone.calls[0]?.options, options, 'handed over unchanged');
  pusher[name]();
  assert.equal(rig.phone.calls.length, 2, 'without options too');
};

const playerPassThrough: Check = ({ name }) => {
  const rig = new Rig().join().guest('bob', false, true);
  rig.phone.natives();
  const options = { success: () => undefined };
  assert.equal(rig.trtc.getPlayerInstance('bob_main')[name](options), undefined);
  assert.deepEqual(rig.phone.calls, [{ target: 'bob_main', name, options }]);
  assert.deepEqual(rig.phone.contexts.at(-1), ['player', 'bob_main', rig.page]);
};

const volume: Check = ({ name }) => {
  const rig = new Rig();
  const pusher = rig.trtc.createPusher();
  const success = (): void => undefined;
  const forms: [unknown, unknown][] = [
    [{ volume: 0.5, success }, { volume: 0.5, success }],
    [0, { volume: 0 }],
    [{ volume: { volume: 100 } }, { volume: 100 }],
  ];
  for (const [given, expected] of forms) {
    assert.equal(pusher[name](given), undefined);
    assert.deepEqual(rig.phone.calls.at(-1), { target: 'pusher', name, options: expected });
  }
};

const passThrough = (prefix: string, names: string[], check: Check): Checks =>
  Object.fromEntries(names.map((name) => [`${prefix}.${name}`, check]));

const PUSHER = 'trtc-wx.method.pusherInstance';
const PLAYER = 'trtc-wx.method.playerInstance';

/** The picture is saved and given; without one the promise is rejected. What an album that fails does is `refused`. */
const snapshot = (instance: (rig: Rig) => any, refused: (rig: Rig, taken: Promise<unknown>) => Promise<void>): Check => async () => {
  const rig = new Rig().join().guest('bob', false, true);
  assert.deepEqual(await instance(rig).snapshot(), { tempImagePath: 'wxfile://p', width: 3, height: 4 });
  assert.deepEqual(rig.phone.saved, ['wxfile://p']);
  assert.equal(rig.phone.calls.at(-1)?.options.quality, 'raw');
  for (const picture of [null, { width: 1, height: 1 }]) {
    rig.phone.picture = picture;
    await assert.rejects(instance(rig).snapshot(), /截图失败/);
  }
  const denied = new Rig({}).join().guest('bob', false, true);
  denied.phone.wx['saveImageToPhotosAlbum'] = ({ fail }: any) => fail({ errMsg: 'saveImageToPhotosAlbum:fail auth deny' });
  await refused(denied, instance(denied).snapshot());
};

/** The picture is there; the album is an addition. */
const pictureAlone = async (rig: Rig, taken: Promise<unknown>): Promise<void> => {
  assert.deepEqual(await taken, rig.phone.picture);
  assert.ok(rig.phone.printed.some(([level, text]) => level === 'warn' && text.includes('album')));
  rig.phone.wx['saveImageToPhotosAlbum'] = () => undefined;
  assert.deepEqual(await rig.trtc.getPusherInstance().snapshot(), rig.phone.picture, 'an album that never answers is not waited for');
};

const albumError = async (_rig: Rig, taken: Promise<unknown>): Promise<void> => {
  await assert.rejects(taken, { errMsg: 'saveImageToPhotosAlbum:fail auth deny' });
};

const fullScreen = (method: string, native: string, given: unknown): Check => async () => {
  const rig = new Rig().join().guest('bob', false, true);
  const player = rig.trtc.getPlayerInstance('bob_main');
  assert.deepEqual(await player[method](given), { errMsg: `${native}:ok` });
  const { options, name } = rig.phone.calls.at(-1) ?? {};
  assert.equal(name, native);
  assert.equal(options.direction, (given as { direction?: number } | undefined)?.direction);
  player.getPlayerContext()[native] = ({ fail }: any) => fail({ errMsg: 'no' });
  await assert.rejects(player[method](given), { errMsg: 'no' });
  delete player.getPlayerContext()[native];
  await assert.rejects(player[method](given), /not there/, 'a phone that cannot do it');
};

/** See the head of the file. */
export const instanceChecks: Checks = {
  ...passThrough(
    PUSHER,
    [
      'pause', 'resume', 'playBGM', 'pauseBGM', 'resumeBGM', 'stopBGM', 'startPreview', 'stopPreview', 'sendMessage', 'toggleTorch',
      'startDumpAudio', 'stopDumpAudio',
    ],
    pusherPassThrough,
  ),
  ...passThrough(PLAYER, ['play', 'stop', 'pause', 'resume', 'mute'], playerPassThrough),
  [`${PUSHER}.setBGMVolume`]: volume,
  [`${PUSHER}.setMICVolume`]: volume,
  [`${PUSHER}.snapshot`]: snapshot((rig) => rig.trtc.getPusherInstance(), pictureAlone),
  [`${PLAYER}.snapshot`]: snapshot((rig) => rig.trtc.getPlayerInstance('bob_main'), albumError),
  [`${PLAYER}.requestFullScreen`]: fullScreen('requestFullScreen', 'requestFullScreen', { direction: 90 }),
  [`${PLAYER}.requestExitFullScreen`]: fullScreen('requestExitFullScreen', 'exitFullScreen', undefined),
  [`${PUSHER}.start`]: (record) => {
    pusherPassThrough(record);
    const rig = new Rig();
    rig.prepare();
    assert.deepEqual(rig.wait(1000).codes(), []);
    assert.equal(rig.server.seen.length, 0, 'nothing joins before start');
    rig.trtc.getPusherInstance().start();
    assert.deepEqual(rig.wait(200).codes(), ['LOCAL_JOIN']);
    assert.deepEqual(rig.server.member({ number: 1234 }, 'ann')?.user, 'ann', 'a member with camera and microphone off');
    rig.trtc.getPusherInstance().start();
    assert.deepEqual(rig.wait(200).codes(), []);
    const auto = new Rig();
    auto.prepare({ autopush: true });
    assert.deepEqual(auto.wait(200).codes(), ['LOCAL_JOIN']);
    const late = new Rig();
    late.prepare();
    late.trtc.setPusherAttributes({ autopush: true });
    assert.deepEqual(late.wait(200).codes(), ['LOCAL_JOIN']);
  },
  [`${PUSHER}.stop`]: (record) => {
    pusherPassThrough(record);
    const rig = new Rig().join();
    rig.trtc.getPusherInstance().stop();
    rig.wait(50);
    assert.deepEqual(rig.server.members({ number: 1234 }), []);
  },
  [`${PUSHER}.switchCamera`]: () => {
    const rig = new Rig();
    const pusher = rig.trtc.createPusher();
    const options = { success: () => undefined };
    assert.equal(pusher.switchCamera(options), pusher.pusherAttributes);
    assert.equal(pusher.pusherAttributes.frontCamera, 'back');
    assert.equal(rig.phone.calls[0]?.options, options);
    pusher.switchCamera();
    assert.equal(pusher.pusherAttributes.frontCamera, 'front');
    for (const named of ['back', { frontCamera: 'back' }]) {
      pusher.switchCamera(named);
      assert.equal(pusher.pusherAttributes.frontCamera, 'back');
    }
    assert.equal(rig.phone.calls.length, 3, 'nothing is done when it is there already');
  },
  [`${PUSHER}.setPusherAttributes`]: () => {
    const pusher = new Rig().trtc.createPusher();
    assert.equal(pusher.setPusherAttributes({ own: 1 }), pusher.pusherAttributes);
    assert.equal(pusher.pusherAttributes.own, 1);
  },
  [`${PUSHER}.reset`]: () => {
    const rig = new Rig();
    const pusher = rig.trtc.createPusher();
    assert.deepEqual(pusher.reset(), {});
    assert.deepEqual(rig.phone.natives(), ['pusher.stop']);
    assert.equal(pusher.context, null);
    assert.deepEqual(pusher.pusherAttributes, {});
  },
  [`${PLAYER}.setPlayerAttributes`]: () => {
    const player = new Rig().join().guest('bob', false, true).trtc.getPlayerInstance('bob_main');
    const before = player.playerAttributes;
    player.setPlayerAttributes({ own: 1 });
    assert.notEqual(player.playerAttributes, before);
    assert.deepEqual(player.playerAttributes, { ...before, own: 1 });
  },
  [`${PLAYER}.getPlayerContext`]: () => {
    const player = new Rig().join().guest('bob', false, true).trtc.getPlayerInstance('bob_main');
    assert.equal(player.getPlayerContext(), player.getPlayerContext());
    assert.equal(typeof player.getPlayerContext().play, 'function');
  },
  [`${PLAYER}.reset`]: () => {
    const rig = new Rig().join().guest('bob', false, true);
    const player = rig.trtc.getPlayerInstance('bob_main');
    player.play();
    player.reset();
    assert.deepEqual(rig.phone.natives().slice(-2), ['bob_main.play', 'bob_main.stop']);
    assert.equal(player.playerAttributes.src, '');
  },
};
