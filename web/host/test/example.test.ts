// The example project: what WeChat's own tools would say about it before it is ever run.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import * as acorn from 'acorn';
import { TmplGroup } from 'glass-easel-template-compiler';
import { Project } from '../src/project.ts';
import type { Problem } from '../src/problem.ts';
import { compileStyle } from '../src/wxss.ts';
import { tagsOf, Templates } from '../src/wxml.ts';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../examples/miniprogram');

/** A main package may have this many bytes. */
const PACKAGE_BYTES = 2 * 1024 * 1024;

const all = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((file) => statSync(path.join(ROOT, file)).isFile());
const own = all.filter((file) => !file.startsWith('huitong/'));
const text = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const project = new Project({
  name: 'example',
  files: Object.fromEntries(all.filter((file) => /\.(js|json|wxml|wxss|wxs)$/.test(file)).map((file) => [file, text(file)])),
}, '/files/');

test('every_page_and_component_is_whole_and_compiles_without_a_complaint', () => {
  const complaints: Problem[] = [];
  const templates = new Templates(project, new TmplGroup(), (problem) => complaints.push(problem));
  for (const page of project.pages) {
    for (const ending of ['js', 'json', 'wxml', 'wxss']) {
      assert.ok(project.has(`${page}.${ending}`), `${page}.${ending}`);
    }
  }
  for (const file of own.filter((one) => one.endsWith('.wxml'))) {
    templates.add(file.replace('.wxml', ''));
  }
  assert.deepEqual(complaints, []);
  for (const file of own.filter((one) => one.endsWith('.wxss'))) {
    compileStyle(project, file, '');
  }
});

test('every_component_that_is_used_is_there_and_every_one_declared_is_used', () => {
  const shared = project.app.usingComponents ?? {};
  const used = new Set(own.filter((file) => file.endsWith('.wxml')).flatMap((file) => [...tagsOf(text(file))]));
  for (const [tag, target] of Object.entries(shared)) {
    assert.notEqual(project.component(target, 'app.json'), '', tag);
    assert.ok(used.has(tag), `${tag} is used`);
  }
});

test('a_name_that_only_one_page_does_not_take_stays_the_name_on_the_others', () => {
  const stored = new Map<string, unknown>([['name', '小明']]);
  const wx = { getStorageSync: (key: string) => stored.get(key) ?? '', setStorageSync: (key: string, value: unknown) => stored.set(key, value) };
  const module = { exports: {} as Record<string, (...args: unknown[]) => unknown> };
  runInNewContext(text('utils/names.js'), { module, wx });
  const { nameOf, isPlain } = module.exports;
  const made = nameOf?.({}, isPlain);
  assert.match(String(made), /^guest\d+$/);
  assert.deepEqual([stored.get('name'), nameOf?.({}), nameOf?.({}, isPlain)], ['小明', '小明', made]);
  stored.clear();
  assert.deepEqual([nameOf?.({}, isPlain), nameOf?.({})], [stored.get('name'), stored.get('name')]);
});

/** The page of conferences on a phone of which only this is there; the SDK tells what the test calls. */
function conferencePage(): { page: any; mgr: any; toasts: string[]; settled: () => Promise<void> } {
  const toasts: string[] = [];
  const calls: string[] = [];
  const later: (() => void)[] = [];
  const mgr: any = {
    Role: { ADMIN: 7, TALKER: 3, AUDIENCE: 1 }, ConfrType: {}, calls,
    setMedia: (what: object) => (calls.push(`setMedia ${JSON.stringify(what)}`), Promise.resolve({})),
    pubStream: () => (calls.push('pubStream'), Promise.resolve({ data: { rtmp: 'rtmp://host/live/key' }, voff: mgr.cameraFull ? 1 : 0 })),
  };
  const parts: Record<string, unknown> = {
    emedia_for_miniProgram: { mgr, util: { getRtcId: () => 'wx-1-abc' } }, credentials: {}, faces: {}, log: { log: () => undefined }, native: {},
    texts: { texts: () => ({ youTalker: 'talker', youTalkerSilent: 'silent talker', youAdmin: 'admin', youAudience: 'audience', noCameraPlace: 'no camera' }) },
  };
  const pusher = { start: () => calls.push('start'), stop: () => calls.push('stop') };
  const wx = { showToast: ({ title }: { title: string }) => toasts.push(title), createLivePusherContext: () => pusher };
  let page: any;
  runInNewContext(text('pages/conference/conference.js'), {
    require: (name: string) => parts[name.split('/').pop() ?? ''], Page: (made: unknown) => (page = made), wx, setTimeout: (run: () => void) => later.push(run),
  });
  page.setData = (changes: object, done?: () => void) => (Object.assign(page.data, changes), done?.());
  page.follow();
  page.setData({ state: 'entering' });
  const settled = async (): Promise<void> => {
    await new Promise((done) => setImmediate(done));
    if (page.timers !== 'stand') {
      later.splice(0).forEach((run) => run());
    }
  };
  return { page, mgr, toasts, settled };
}

test('who_is_made_a_talker_unasked_is_neither_seen_nor_heard_also_when_it_comes_back_as_one', async () => {
  const self = (role: number): object => ({ isSelf: true, role });
  for (const away of [false, true]) {
    const { page, mgr, toasts, settled } = conferencePage();
    mgr.onMemberJoined(self(1));
    if (away) {
      mgr.onReconnect();
      mgr.onMemberJoined(self(3));
    }
    mgr.onRoleChanged(3);
    await settled();
    assert.deepEqual(mgr.calls, ['setMedia {"audio":false,"video":false}', 'pubStream', 'start']);
    assert.deepEqual([page.data.mic, page.data.camera, toasts], [false, false, ['silent talker']]);
  }
});

test('a_talker_that_comes_back_as_admin_goes_on_with_one_push_as_it_was', async () => {
  const { page, mgr, settled } = conferencePage();
  mgr.onMemberJoined({ isSelf: true, role: 3 });
  await settled();
  mgr.onReconnect();
  mgr.onMemberJoined({ isSelf: true, role: 7 });
  mgr.onRoleChanged(7);
  await settled();
  assert.deepEqual(mgr.calls, ['pubStream', 'start', 'stop', 'pubStream', 'start']);
  assert.deepEqual([page.data.mic, page.data.camera, page.data.admin], [true, true, true]);
});

test('a_push_that_is_over_before_its_camera_was_opened_opens_none_later_and_does_not_forget_it', async () => {
  for (const audienceBetween of [true, false]) {
    const { page, mgr, settled } = conferencePage();
    page.timers = 'stand';
    mgr.onMemberJoined({ isSelf: true, role: 3 });
    await settled();
    assert.equal(page.data.camera, false, 'the pusher has just begun');
    if (audienceBetween) {
      mgr.onRoleChanged(1);
      mgr.onRoleChanged(3);
    } else {
      mgr.onReconnect();
      mgr.onMemberJoined({ isSelf: true, role: 3 });
    }
    await settled();
    page.timers = 'run';
    await settled();
    assert.equal(page.data.camera, !audienceBetween);
  }
});

test('who_finds_no_place_for_its_camera_is_told_so', async () => {
  const { page, mgr, toasts, settled } = conferencePage();
  mgr.cameraFull = true;
  mgr.onMemberJoined({ isSelf: true, role: 3 });
  await settled();
  assert.deepEqual([page.data.camera, page.data.mic, toasts], [false, true, ['no camera']]);
});

test('every_handler_that_a_template_names_exists', () => {
  const room = text('behaviors/room.js');
  for (const file of own.filter((one) => one.endsWith('.wxml'))) {
    const code = file.startsWith('templates/') ? room : text(file.replace('.wxml', '.js')) + room;
    for (const [, handler] of text(file).matchAll(/\b(?:bind|catch):?\w+="(\w+)"/g)) {
      assert.match(code, new RegExp(`\\b${handler as string}\\b\\s*[(,]`), `${file}: ${handler as string}`);
    }
  }
});

test('scripts_have_no_syntax_that_older_phones_lack', () => {
  for (const file of own.filter((one) => one.endsWith('.js'))) {
    acorn.parse(text(file), { ecmaVersion: 2017, sourceType: 'script' });
  }
});

test('nothing_is_used_that_browsers_have_and_phones_lack', () => {
  const lacking = /(?<![\w.$])(?:fetch|URL|URLSearchParams|TextEncoder|TextDecoder|eval|Function|window|document|navigator|localStorage|structuredClone|Blob|crypto)(?=[.(\[])/;
  for (const file of own.filter((one) => one.endsWith('.js'))) {
    const code = text(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').replace(/'(?:[^'\\\n]|\\.)*'/g, "''");
    assert.equal(lacking.exec(code)?.[0], undefined, file);
  }
});

test('styles_have_no_selectors_that_the_tools_refuse', () => {
  for (const file of own.filter((one) => one.endsWith('.wxss'))) {
    const rules = text(file).replace(/\/\*[\s\S]*?\*\//g, '');
    for (const [, selector] of rules.matchAll(/([^{}]+)\{/g)) {
      assert.doesNotMatch(selector as string, /\*/, `${file}: ${selector as string}`);
      if (file.startsWith('components/')) {
        assert.match(selector as string, /^[\s,]*(?:\.[\w-]+(?:::?\w+)?[\s,]*)+$/, `a component is styled by classes alone: ${file}: ${selector as string}`);
      }
    }
  }
});

test('both_languages_have_the_same_words_and_the_pages_use_no_others', () => {
  const module = { exports: {} as { zh: Record<string, unknown>; en: Record<string, unknown> } };
  // eslint-disable-next-line no-new-func
  new Function('module', text('utils/texts.js'))(module);
  const { zh, en } = module.exports;
  const names = (of: Record<string, unknown>): string[] => Object.entries(of).flatMap(([name, value]) =>
    [name, ...(value !== null && typeof value === 'object' ? Object.keys(value).map((part) => `${name}.${part}`) : [])]).sort();
  assert.deepEqual(names(zh), names(en));
  const used = new Set<string>();
  for (const file of own.filter((one) => /\.(js|wxml)$/.test(one) && !one.endsWith('texts.js'))) {
    for (const [, word] of text(file).matchAll(/(?<![\w.])(?:this\.data\.)?(?:t|texts\(\))\.(\w+)/g)) {
      assert.ok((word as string) in zh, `${file}: ${word as string}`);
      used.add(word as string);
    }
  }
  assert.deepEqual(Object.keys(zh).filter((word) => !used.has(word)), [], 'words that nobody uses');
});

test('the_package_is_far_from_the_limit', () => {
  const bytes = all.reduce((sum, file) => sum + statSync(path.join(ROOT, file)).size, 0);
  assert.ok(bytes < PACKAGE_BYTES / 2, `${bytes} bytes`);
});
