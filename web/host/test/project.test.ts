// What projects are read as: paths, styles, modules and data.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { copyData } from '../src/frame/copy.ts';
import { Modules, toCommonJs } from '../src/modules.ts';
import { Problem } from '../src/problem.ts';
import { Project, resolve } from '../src/project.ts';
import { parseUrl } from '../src/frame/stack.ts';
import { compileStyle, inlineStyle } from '../src/wxss.ts';
import { tagsOf } from '../src/wxml.ts';
import { NAMES } from '../src/wx/names.ts';
// @ts-expect-error a script without types
import { namesOfTypings, render } from '../names.mjs';

const project = (files: Record<string, string> = {}): Project =>
  new Project({ name: 'p', files: { 'app.json': '{"pages":["pages/a/a"]}', ...files } }, 'http://h/files/');

const failing = (run: () => unknown): Problem => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof Problem, String(error));
    return error;
  }
  throw new Error('it did not fail');
};

test('paths_start_at_the_file_or_at_the_project_and_never_leave_it', () => {
  assert.equal(resolve('../b/b', 'pages/a/a'), 'pages/b/b');
  assert.equal(resolve('/utils/x.js', 'pages/a/a'), 'utils/x.js');
  assert.equal(resolve('./b', 'pages/a/a'), 'pages/a/b');
  assert.equal(resolve('../../../x', 'pages/a/a'), '');
  assert.equal(project().asset('/logo 1.png', 'pages/a/a.wxml'), 'http://h/files/logo%201.png');
  assert.equal(project().asset('data:image/png;base64,AA', 'pages/a/a.wxml'), 'data:image/png;base64,AA');
});

test('packages_are_found_in_the_folder_that_the_tools_build', () => {
  const one = project({ 'miniprogram_npm/dayjs/index.js': '', 'pages/a/miniprogram_npm/own/index.js': '', 'utils/near.js': '', 'components/x/index.wxml': '' });
  assert.equal(one.module('dayjs', 'pages/a/a.js'), 'miniprogram_npm/dayjs/index.js');
  assert.equal(one.module('own', 'pages/a/a.js'), 'pages/a/miniprogram_npm/own/index.js');
  assert.equal(one.module('./near', 'utils/b.js'), 'utils/near.js');
  assert.equal(one.module('near', 'utils/b.js'), 'utils/near.js');
  assert.equal(one.component('/components/x', 'pages/a/a.json'), 'components/x/index');
  assert.equal(one.module('none', 'pages/a/a.js'), '');
});

test('a_json_that_cannot_be_read_is_told_with_its_line', () => {
  const { file, line } = failing(() => project({ 'app.json': '{\n "pages": [\n "a"\n "b" ]\n}' }));
  assert.deepEqual([file, line], ['app.json', 4]);
  assert.match(failing(() => new Project({ name: '', files: {} }, '')).hint, /miniprogramRoot/);
  assert.match(failing(() => project({ 'app.json': '{"pages":[]}' })).message, /at least one page/);
});

test('styles_get_the_lengths_scopes_and_addresses_of_browsers', () => {
  const files = {
    'a.wxss': '@import "b.wxss"; .x .y{width:750rpx;margin:-10.5rpx calc(100% - 20rpx)} :host{color:red} .z{background:url(p/i.png)}',
    'b.wxss': '.b{--gap:15rpx}',
  };
  const css = compileStyle(project(files), 'a.wxss', 'c');
  assert.equal(css, '.c--b{--gap:2vw}\n.c--x .c--y{width:100vw;margin:-1.4vw calc(100% - 2.66667vw)}[wx-host="c"]{color:red}.c--z{background:url(http://h/files/p/i.png)}');
  assert.match(compileStyle(project(files), 'a.wxss', ''), /\.x \.y\{/);
  assert.equal(inlineStyle('width: 10rpx;height:-.5rpx; top:5px'), 'width: 1.33333vw;height:-0.06667vw; top:5px');
  assert.equal(failing(() => compileStyle(project({ 'a.wxss': '\n@import "gone.wxss";' }), 'a.wxss', '')).place, 'a.wxss:2');
  assert.match(failing(() => compileStyle(project({ 'a.wxss': '@import "a.wxss";' }), 'a.wxss', '')).message, /import each other/);
});

test('modules_run_once_and_may_be_written_the_newer_way', () => {
  const globals: Record<string, unknown> = { log: [] as string[] };
  const files = {
    'a.js': "import b, { two as second } from './b'; log.push(`${b} ${second} ${require('./b').two}`); export const done = true;",
    'b.js': 'log.push("b"); export default 1; export const two = 2;',
    'c.ts': 'interface X { y: number } const x: X = { y: 3 }; export = x.y;',
    'circle.js': "exports.early = 1; require('./other'); exports.late = 1;",
    'other.js': "exports.seen = Object.keys(require('./circle'));",
  };
  const modules = new Modules(project(files), () => globals);
  assert.deepEqual((modules.load('a.js') as { done: boolean }).done, true);
  assert.deepEqual(globals['log'], ['b', '1 2 2']);
  modules.load('circle.js');
  assert.deepEqual((modules.load('other.js') as { seen: string[] }).seen, ['early']);
  assert.equal(failing(() => new Modules(project({ 'a.js': 'require("./gone")' }), () => ({})).load('a.js')).message, "module './gone' is not defined");
  assert.equal(failing(() => toCommonJs('import x from\n\n"a"; let {', 'a.js')).file, 'a.js');
  assert.equal(toCommonJs('const important = 1;', 'a.js'), 'const important = 1;');
});

test('data_arrives_as_a_copy_without_functions', () => {
  const inner = { x: 1, run: () => 1 };
  const copied = copyData({ 'list[0].a': inner, when: new Date(0), none: null, list: [undefined, 1] }, 'page');
  assert.deepEqual(copied, { 'list[0].a': { x: 1 }, when: '1970-01-01T00:00:00.000Z', none: null, list: [null, 1] });
  inner.x = 2;
  assert.deepEqual(copied['list[0].a'], { x: 1 });
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  assert.throws(() => copyData({ circle }, 'pages/a/a'), /pages\/a\/a: the data contains itself/);
  assert.throws(() => copyData(null, 'pages/a/a'), /takes an object/);
});

test('addresses_of_pages_carry_a_query', () => {
  assert.deepEqual(parseUrl('../b/b?x=%E8%8C%B6&y=1=2&z', 'pages/a/a'), { path: 'pages/b/b', query: { x: '%E8%8C%B6', y: '1=2', z: '' } });
  const name = '50% & more = 茶';
  assert.equal(decodeURIComponent(parseUrl(`/pages/b/b?name=${encodeURIComponent(name)}&x=1`, 'pages/a/a').query['name'] ?? ''), name, 'a page decodes once, as on phones');
});

test('tags_of_a_template_are_seen_but_not_those_of_comments_and_scripts', () => {
  assert.deepEqual([...tagsOf('<view><!-- <gone/> --><my-card/></view><wxs module="m">var a = "<also-gone>"</wxs>')], ['view', 'my-card']);
});

test('the_names_of_wx_are_those_of_the_typings', async () => {
  const names = await namesOfTypings() as string[];
  assert.ok(names.length > 300 && names.includes('createLivePusherContext'));
  assert.deepEqual(NAMES, names);
  assert.equal(await readFile(new URL('../src/wx/names.ts', import.meta.url), 'utf8'), render(names));
});
