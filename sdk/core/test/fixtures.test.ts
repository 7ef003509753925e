/** The frames in crates/protocol/fixtures are read by the server's tests too: both sides mean the same. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { Clock, FakePlatform, FakeServer } from '../../conformance/src/index.js';
import { Connection } from '../src/index.js';
import type { Answer, End, Event, Request, Welcome } from '../src/index.js';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const FOLDER = path.join(HERE, '../../../crates/protocol/fixtures');

interface Fixture {
  name: string;
  text: string;
}

const fixtures = (kind: string): Fixture[] =>
  readdirSync(FOLDER)
    .filter((file) => file.startsWith(`${kind}-`))
    .map((file) => ({ name: file.replace('.json', ''), text: readFileSync(path.join(FOLDER, file), 'utf8') }));

test('every_frame_has_the_generated_type', () => {
  const of = (kind: string, type: string): string[] =>
    fixtures(kind)
      // What the wire allows and a literal of the type does not: unknown fields, defaults left out.
      .filter(({ name }) => !/unknownField|minimal/.test(name))
      .map(({ text }, at) => `export const ${kind}${at}: ${type} = ${text};`);
  const lines = [
    `import type { PushFrame, ReplyFrame, RequestFrame } from './generated/protocol.js';`,
    ...of('request', 'RequestFrame'),
    ...of('reply', 'ReplyFrame'),
    ...of('push', 'PushFrame'),
  ];
  assert.ok(lines.length > 30);
  assert.deepEqual(problems(lines.join('\n')), []);
  assert.notDeepEqual(problems(`${lines[0]}\nexport const x: PushFrame = { seq: 1, ev: 'memberLeft' };`), []);
});

/** What the compiler says of a module in core/src. */
function problems(source: string): string[] {
  const file = path.join(HERE, '../src/fixtures-of-test.ts');
  const options: ts.CompilerOptions = {
    strict: true, noEmit: true, target: ts.ScriptTarget.ES2015, lib: ['lib.es2015.d.ts'], types: [],
    module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2015) : getSourceFile.call(host, name, ...rest);
  host.fileExists = (name) => name === file || fileExists.call(host, name);
  host.readFile = (name) => (name === file ? source : readFile.call(host, name));
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

/** A connection that is logged in, and what it is told. */
function rig(): { server: FakeServer; clock: Clock; connection: Connection; told: unknown[] } {
  const clock = new Clock();
  const server = new FakeServer(clock);
  const told: unknown[] = [];
  const connection = new Connection(new FakePlatform(clock, server), 'wss://h/v1/signal', {
    welcomed: (welcome: Welcome) => told.push(welcome.resumed),
    pushed: (event: Event) => told.push(event),
    interrupted: () => told.push('interrupted'),
    ended: (end: End) => told.push(end),
  });
  connection.open({ app: 1, user: 'ann', sig: 'sig', device: 'd', client: 'c' });
  clock.advance(100);
  return { server, clock, connection, told };
}

test('every_push_is_understood', () => {
  for (const { name, text } of fixtures('push')) {
    const { server, clock, told } = rig();
    const frame = JSON.parse(text) as { ev: string; reason?: string };
    server.raw('ann', JSON.stringify({ ...frame, seq: 1 }));
    clock.advance(20);
    const [, heard] = told as (string | (Event & { why?: string }))[];
    if (frame.ev === 'sessionEnded') {
      const again = frame.reason === 'expired' || frame.reason === 'serverShutdown';
      assert.deepEqual(typeof heard === 'object' ? heard.why : heard, again ? 'interrupted' : 'ended', name);
    } else {
      assert.equal(typeof heard === 'object' && heard.ev, frame.ev, name);
    }
  }
});

test('every_reply_is_understood', () => {
  for (const { name, text } of fixtures('reply').filter(({ text }) => !text.includes('"hello"'))) {
    const { server, clock, connection, told } = rig();
    server.mute = true;
    const answers: Answer[] = [];
    const request = { op: 'leave' } as Request;
    connection.request(request, (answer) => answers.push(answer));
    clock.advance(20);
    server.mute = false;
    const frame = JSON.parse(text) as { re: number; ok?: unknown; error?: unknown };
    server.raw('ann', JSON.stringify({ ...frame, re: frame.re === 0 ? 0 : 2 }));
    clock.advance(20);
    const expected = frame.re === 0 ? [] : [frame.ok ? { ok: frame.ok } : { error: frame.error }];
    assert.deepEqual(answers, expected, name);
    assert.deepEqual(told, ['new'], name);
  }
});

test('requests_are_written_as_the_fixtures_have_them', () => {
  for (const { name, text } of fixtures('request').filter(({ name }) => !/hello|bye|unknown|minimal/.test(name))) {
    const { server, clock, connection } = rig();
    const request = JSON.parse(text) as Request & { id?: number };
    delete request.id;
    connection.request(request, () => undefined);
    clock.advance(20);
    assert.deepEqual(server.seen.at(-1), { ...request, id: 2, from: 'ann' }, name);
  }
});
