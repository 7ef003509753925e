/** The built files: what a mini program can load, and what the server fills in. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { parse } from 'acorn';
import { Linter } from 'eslint';
import { Phone, ROOT, load } from '../src/index.js';
import { FILE as CALLING, component, source as calling } from '../src/trtc-calling/rig.js';
import { FILE as CONFERENCES, source as conferences } from '../src/emedia/rig.js';
import { component as voiceComponent, files as voiceFiles, source as voice } from '../src/gme-room/rig.js';
import { FILE, source } from '../src/trtc-wx/rig.js';
import { BUDGETS } from '../../tools/budgets.mjs';
import { faultsWhenMarked } from '../../tools/private.mjs';

/** What the runtime gives. Of the language everything of 2015 is there, but Proxy on old phones is not. */
const RUNTIME = ['wx', 'console', 'setTimeout', 'clearTimeout', 'getCurrentPages', 'module', 'exports', 'define', 'Component', 'require'];

/** The built files. */
const FILES: [string, () => string][] = [[FILE, source], [CALLING, calling], [CONFERENCES, conferences]];
const VOICE_FILES = voiceFiles().map((name): [string, () => string] => [name, () => voice(name)]);
FILES.push(...VOICE_FILES);

/** The names that the code uses and declares nowhere. */
function strangers(code: string): string[] {
  const globals = Object.fromEntries([...RUNTIME.map((name) => [name, 'readonly' as const]), ['Proxy', 'off' as const]]);
  const found = new Linter().verify(code, {
    languageOptions: { ecmaVersion: 2015, sourceType: 'script', globals },
    rules: { 'no-undef': ['error', { typeof: true }] },
  });
  return [...new Set(found.map(({ message }) => message))];
}

test('the_files_have_no_syntax_newer_than_2015', () => {
  for (const [file, text] of FILES) {
    assert.doesNotThrow(() => parse(text(), { ecmaVersion: 2015 }), file);
  }
  assert.throws(() => parse('a ?? b', { ecmaVersion: 2015 }));
});

test('the_files_use_nothing_that_a_phone_may_lack', () => {
  FILES.forEach(([file, text]) => assert.deepEqual(strangers(text()), [], file));
  assert.deepEqual(strangers('fetch(1); new Proxy({}, {}); new Map()'), ["'fetch' is not defined.", "'Proxy' is not defined."]);
  FILES.forEach(([file, text]) => assert.ok(!/\beval\b|new Function|\bProxy\b|globalThis/.test(text()), file));
});

test('methods_younger_than_2015_are_not_called', () => {
  const young = /\.(includes|padStart|padEnd|flatMap|flat|fromEntries|matchAll|replaceAll|at|finally|trimStart|trimEnd)\(|Object\.(values|entries)\(/;
  FILES.forEach(([file, text]) => assert.equal(young.exec(text())?.[0], undefined, file));
});

/** The bytes of what a budget is for: one file, or all scripts of a folder. */
function bytesOf(name: string): number {
  const texts = name.endsWith('/') ? VOICE_FILES : FILES.filter(([file]) => file === `dist/miniprogram/${name}`);
  return texts.reduce((sum, [, text]) => sum + Buffer.byteLength(text()), 0);
}

test('the_files_keep_their_size', () => {
  assert.equal(Object.keys(BUDGETS).length, 4);
  for (const [name, most] of Object.entries(BUDGETS)) {
    const bytes = bytesOf(name);
    assert.ok(bytes > 0 && bytes <= most, `${name}: ${bytes} bytes, ${most} are allowed`);
  }
});

test('the_table_of_sizes_in_the_documentation_is_true_to_two_kibibytes', () => {
  const readme = readFileSync(path.join(ROOT, 'sdk/README.md'), 'utf8');
  for (const [name, most] of Object.entries(BUDGETS)) {
    const [, kib, budget] = new RegExp(`^\\| \`${name}\` \\| ([\\d.]+) \\| (\\d+) \\|$`, 'm').exec(readme) ?? [];
    assert.equal(Number(budget), most / 1024, `the budget of ${name}`);
    const now = bytesOf(name) / 1024;
    assert.ok(Math.abs(Number(kib) - now) <= 2, `${name} has ${now.toFixed(1)} KiB now, sdk/README.md says ${kib}`);
  }
});

test('short_names_of_private_members_are_the_same_program', () => {
  const project = path.join(ROOT, 'sdk/tsconfig.json');
  assert.deepEqual(faultsWhenMarked(project), [], 'what reads a private member reads it by its marked name');
  const spoil = (name: string, text: string): string => (name.endsWith('connection.ts') ? text.replace('this.backoff_$private', 'this.backoff') : text);
  assert.match(faultsWhenMarked(project, spoil).join('\n'), /connection\.ts: Property 'backoff' does not exist/, 'a name that was missed is found');
  for (const [file, text] of FILES) {
    assert.ok(!text().includes('_$private'), file);
  }
});

test('no_workplace_and_no_telemetry_in_the_files', () => {
  for (const text of FILES.map(([, read]) => read()).concat(calling('wxml'), calling('wxss'), voice('gme-room.wxml'), voice('gme-room.wxss'))) {
    assert.ok(!/tencent|qcloud|sourceMappingURL|\/work\/|node_modules/i.test(text));
    assert.deepEqual([...text.matchAll(/https?:\/\/[^"'`\s]+/g)].map(([url]) => url).filter((url) => !/host|your/.test(url)), []);
  }
});

test('the_component_is_four_files_that_need_no_others', () => {
  assert.deepEqual(JSON.parse(calling('json')), { component: true, usingComponents: {} });
  assert.ok(!/<import|<include|<image|src="[^{]/.test(calling('wxml')), 'no other template and no picture file');
  assert.deepEqual([...calling('wxss').matchAll(/url\("([^"]{0,26})/g)].map(([, url]) => url).filter((url) => url !== 'data:image/svg+xml;base64,'), []);
  const icons = [...calling('wxml').matchAll(/ht-icon-[a-z-]+/g)].map(([name]) => name);
  assert.deepEqual(icons.filter((name) => !calling('wxss').includes(`.${name} {`)), []);
  const { methods } = component(new Phone());
  const bound = [...calling('wxml').matchAll(/(?:bind|catch):?[a-z]+="(\w+)"/g)].map(([, name]) => name ?? '');
  assert.ok(bound.length > 10);
  assert.deepEqual(bound.filter((name) => typeof methods[name] !== 'function'), []);
});

test('the_component_for_voice_rooms_requires_its_own_files_only_and_binds_what_it_has', () => {
  assert.deepEqual(JSON.parse(voice('gme-room.json')), { component: true, usingComponents: {} });
  for (const [name, text] of VOICE_FILES) {
    for (const [, near = ''] of text().matchAll(/require\("([^"]+)"\)/g)) {
      assert.ok(voiceFiles().includes(path.posix.join(path.posix.dirname(name), near)), `${name} requires ${near}`);
    }
  }
  const { methods, data } = voiceComponent(new Phone());
  const bound = [...voice('gme-room.wxml').matchAll(/(?:bind|catch):?[a-z]+="(\w+)"/g)].map(([, name]) => name ?? '');
  assert.deepEqual([bound.length, bound.filter((name) => typeof methods[name] !== 'function')], [6, []]);
  const shown = [...voice('gme-room.wxml').matchAll(/{{pusher\.(\w+)}}/g)].map(([, name]) => name ?? '');
  assert.deepEqual(shown.filter((name) => !(name in data.pusher)), []);
  assert.equal(data.pusher.enableCamera, false, 'nobody is asked for the camera');
});

test('the_server_fills_in_the_address_of_the_others_too', () => {
  for (const word of ['__HUITONG_SERVER__', '__HUITONG_RTMP__']) {
    assert.equal(calling().split(word).length, 2, `${word} stands there once`);
    assert.equal(VOICE_FILES.map(([, text]) => text()).join('').split(word).length, 2, `${word} stands there once`);
    assert.equal(conferences().split(word).length, 2, `${word} stands there once`);
  }
});

test('conferences_load_before_anything_else_of_the_application_is_there', () => {
  const phone = new Phone();
  const emedia = phone.require(CONFERENCES);
  assert.equal(phone.wx['emedia'], emedia);
  assert.ok(emedia.mgr && emedia.util && emedia.config);
  const without = { ...phone.scope() };
  delete without['wx'];
  assert.ok((load(CONFERENCES, without) as { mgr: unknown }).mgr, 'even without the runtime');
  phone.clock.advance(60_000);
  assert.deepEqual([phone.printed, phone.server.urls, phone.contexts], [[], [], []]);
});

test('conferences_find_the_address_that_the_server_filled_in', async () => {
  const phone = new Phone();
  delete phone.wx['huitong'];
  phone.wx['WebIM'] = { conn: { context: { accessToken: 's', jid: { appKey: 'org#1', name: 'ann', domain: 'd' } } } };
  const filled = conferences().replace('__HUITONG_SERVER__', 'https://rtc.test:8443').replace('__HUITONG_RTMP__', 'rtmp://rtc.test:2935/live');
  void phone.requireText(filled).mgr.createConference(10);
  assert.deepEqual(phone.server.urls, ['wss://rtc.test:8443/v1/signal']);
});

test('the_server_fills_in_its_address_and_the_page_needs_no_setting', () => {
  for (const word of ['__HUITONG_SERVER__', '__HUITONG_RTMP__']) {
    assert.equal(source().split(word).length, 2, `${word} stands there once`);
  }
  const phone = new Phone();
  delete phone.wx['huitong'];
  const filled = source().replace('__HUITONG_SERVER__', 'https://rtc.test:8443').replace('__HUITONG_RTMP__', 'rtmp://rtc.test:2935/live');
  const trtc = new (phone.requireText(filled))({}, 'test');
  trtc.createPusher();
  const { url } = trtc.enterRoom({ sdkAppID: 1, userID: 'ann', userSig: 's', roomID: 1 });
  assert.match(url, /^rtmp:\/\/rtc\.test:2935\/live\//);
  trtc.getPusherInstance().start();
  assert.deepEqual(phone.server.urls, ['wss://rtc.test:8443/v1/signal']);
});

test('a_setting_wins_over_what_the_server_filled_in', () => {
  const phone = new Phone();
  const filled = source().replace('__HUITONG_SERVER__', 'https://rtc.test').replace('__HUITONG_RTMP__', 'rtmp://rtc.test:2935');
  const trtc = new (phone.requireText(filled))({}, 'test');
  assert.match(trtc.enterRoom({ sdkAppID: 1, userID: 'ann', userSig: 's', roomID: 1 }).url, /^rtmp:\/\/rtc\.example\.org:1935\/live\//);
});

test('loading_the_file_prints_nothing_and_opens_nothing', () => {
  const phone = new Phone();
  phone.require(FILE);
  phone.clock.advance(60_000);
  assert.deepEqual([phone.printed, phone.server.urls, phone.contexts], [[], [], []]);
});

test('the_folders_are_packages_for_the_npm_build_of_mini_programs', () => {
  for (const [file, name] of [[FILE, 'TRTC'], [CONFERENCES, 'emedia']] as const) {
    const folder = path.join(ROOT, path.dirname(file));
    const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Record<string, string>;
    assert.equal(manifest['main'], path.basename(file));
    assert.ok(readFileSync(path.join(folder, manifest['types'] ?? ''), 'utf8').includes(`export = ${name}`));
  }
});
