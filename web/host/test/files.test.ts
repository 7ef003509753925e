// Files that a page writes, with callbacks and without.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Files, USER_DATA_PATH } from '../src/wx/files.ts';

const PATH = `${USER_DATA_PATH}/tone.wav`;

/** What a function of the manager answers by its callbacks. */
function ask(manager: Record<string, any>, name: string, options: object): Promise<any> {
  return new Promise((resolve) => manager[name]({ ...options, success: resolve, fail: resolve }));
}

test('what_is_written_is_read_and_has_an_address_until_it_is_removed', async () => {
  const files = new Files();
  const manager = files.manager() as Record<string, any>;
  const data = new Uint8Array([82, 73, 70, 70]).buffer;
  assert.equal((await ask(manager, 'writeFile', { filePath: PATH, data })).errMsg, 'writeFile:ok');
  assert.match(String(files.address(PATH)), /^blob:/);
  assert.deepEqual(new Uint8Array((await ask(manager, 'readFile', { filePath: PATH })).data), new Uint8Array(data));
  assert.equal((await ask(manager, 'readFile', { filePath: PATH, encoding: 'utf8' })).data, 'RIFF');
  assert.equal((await ask(manager, 'access', { path: PATH })).errMsg, 'access:ok');
  manager['writeFileSync'](PATH, 'text', 'utf8');
  assert.equal(manager['readFileSync'](PATH, 'utf8'), 'text');
  assert.equal((await ask(manager, 'unlink', { filePath: PATH })).errMsg, 'unlink:ok');
  assert.equal(files.address(PATH), null);
});

test('what_is_not_there_or_not_allowed_fails_with_a_reason', async () => {
  const manager = new Files().manager() as Record<string, any>;
  assert.match((await ask(manager, 'readFile', { filePath: PATH })).errMsg, /^readFile:fail no such file/);
  assert.match((await ask(manager, 'writeFile', { filePath: '/app.js', data: '' })).errMsg, /permission denied.*USER_DATA_PATH/);
  assert.throws(() => manager['accessSync'](PATH), /no such file/);
});
