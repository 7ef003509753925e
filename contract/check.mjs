// Loads and checks the contract ledgers of this folder. No dependencies.
//
//   node check.mjs                 validate the ledgers, the seed coverage and the count table in README.md
//   node check.mjs --counts        print the count table (Markdown)
//   node check.mjs --seeds <dir>   use another folder for the four seed texts (default ./seeds)
//
// From a test:  import { loadLedgers, validate, coverage, find } from '…/contract/check.mjs'

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));

export const FORMAT = 'huitong-contract/1';
export const FILES = ['trtc-wx.json', 'trtc-calling.json', 'gme-room.json', 'emedia.json'];
export const KINDS = ['method', 'event', 'attribute', 'constant', 'error', 'object', 'callback', 'claim'];
export const ORIGINS = ['spec', 'artefact', 'project'];
export const LEVELS = ['must', 'should', 'may', 'info'];
export const VERIFY = ['sdk', 'e2e', 'media', 'scale', 'device', 'doc'];

const str = v => typeof v === 'string' && v.length > 0;
const opt = f => v => v === null || v === undefined || f(v);
const arr = f => v => Array.isArray(v) && v.every(f);
const isParam = p => p && str(p.name) && typeof p.type === 'string' && typeof p.required === 'boolean' && 'default' in p && (p.rule === null || str(p.rule));
const isField = p => p && str(p.name) && typeof p.type === 'string' && typeof p.optional === 'boolean' && (p.note === null || typeof p.note === 'string');
const isSpec = s => s && str(s.file) && str(s.heading) && opt(str)(s.item);
const isContra = c => c && str(c.doc) && str(c.artefact) && str(c.ours);

// field -> [check, kinds that must have it]
const FIELDS = {
  id: [str, KINDS], kind: [v => KINDS.includes(v), KINDS], name: [str, KINDS],
  origin: [v => ORIGINS.includes(v), KINDS], level: [v => LEVELS.includes(v), KINDS],
  spec: [arr(isSpec), KINDS], behaviour: [str, KINDS], verify: [v => VERIFY.includes(v), KINDS],
  superset: [opt(str), KINDS], contradiction: [opt(isContra), KINDS], decision: [opt(str), KINDS],
  owner: [str, ['method', 'event', 'attribute', 'constant', 'error', 'object', 'callback']],
  signature: [str, ['method', 'callback']], params: [arr(isParam), ['method', 'callback']],
  returns: [r => r && str(r.type) && opt(str)(r.desc), ['method']],
  async: [v => ['sync', 'promise', 'callback'].includes(v), ['method']],
  payload: [arr(isField), ['event']], members: [arr(isField), ['object']],
  type: [str, ['attribute', 'constant', 'error', 'event']],
  required: [v => typeof v === 'boolean', ['attribute']],
  default: [() => true, []], value: [() => true, ['event', 'error']],
  values: [arr(v => typeof v === 'string'), []],
};

/** Reads the four ledgers; returns { 'trtc-wx': doc, … }. */
export function loadLedgers(dir = HERE) {
  const out = {};
  for (const f of FILES) { const d = JSON.parse(fs.readFileSync(path.join(dir, f), 'utf8')); out[d.sdk] = d; }
  return out;
}

/** One record by id, or undefined. */
export function find(docs, id) {
  const d = docs[id.split('.')[0]];
  return d && d.records.find(r => r.id === id);
}

/** Structural check; returns a list of error texts. */
export function validate(docs) {
  const err = [], seen = new Set();
  for (const [sdk, d] of Object.entries(docs)) {
    if (d.format !== FORMAT) err.push(`${sdk}: format`);
    if (!str(d.title) || !str(d.target) || !str(d.spec && d.spec.file)) err.push(`${sdk}: header`);
    for (const r of d.records) {
      const at = r.id || `${sdk}:${r.name}`;
      if (seen.has(r.id)) err.push(`${at}: duplicate id`);
      seen.add(r.id);
      if (!str(r.id) || !r.id.startsWith(`${sdk}.${r.kind}.`) || /[^A-Za-z0-9_.\-]/.test(r.id)) err.push(`${at}: id form`);
      for (const k of Object.keys(r)) if (!FIELDS[k]) err.push(`${at}: unknown field ${k}`);
      for (const [k, [check, kinds]] of Object.entries(FIELDS)) {
        if (r[k] === undefined) { if (kinds.includes(r.kind)) err.push(`${at}: missing ${k}`); } else if (!check(r[k])) err.push(`${at}: bad ${k}`);
      }
      if (r.origin === 'spec' && !(r.spec && r.spec.length)) err.push(`${at}: spec reference missing`);
    }
  }
  return err;
}

/* ---------- seed coverage ---------- */

const clean = s => s.replace(/<li\/?>|<\/li>/g, ' ').replace(/\[([^\]]*)\]\([^)]*\)*/g, '$1').replace(/[`*]/g, '').trim();
const headText = s => s.replace(/^#+\s*/, '').replace(/[*]/g, '').trim();

/** Splits a seed into sections: [{ heading, lines }]; text before the first heading is "(introduction)". */
export function sections(text) {
  const out = [{ heading: '(introduction)', lines: [] }];
  let code = false;
  for (const l of text.split('\n')) {
    if (/^\s*```/.test(l)) code = !code;
    if (!code && /^#{1,6}\s*\S/.test(l)) out.push({ heading: headText(l), lines: [] }); else out[out.length - 1].lines.push(l);
  }
  return out;
}

function tables(lines) {
  const out = []; let cur = null;
  for (const l of lines) {
    if (/^\s*\|.*\|\s*$/.test(l)) { (cur = cur || []).push(l.trim().replace(/^\||\|$/g, '').split('|').map(clean)); } else { if (cur) out.push(cur); cur = null; }
  }
  if (cur) out.push(cur);
  return out.map(t => t.slice(2)); // without header and rule line
}

/** Everything the seeds name that must have a record: [{ sdk, heading, token, want: record => boolean }]. */
export function requirements(seedsDir) {
  const R = [];
  const read = f => sections(fs.readFileSync(path.join(seedsDir, f), 'utf8'));
  const base = t => t.replace(/\(.*$/, '').trim();
  const rec = (kind, name) => r => r.kind === kind && r.name === name && r.origin === 'spec';
  const param = (m, p) => r => (r.kind === 'method' || r.kind === 'callback') && r.name === m && (r.params || []).some(x => x.name === p || x.name.endsWith('.' + p));
  const pay = (e, p) => r => r.kind === 'event' && r.name === e && r.payload.some(x => x.name === p);
  const need = (sdk, heading, token, want) => R.push({ sdk, heading, token, want });

  { // 000 gme-room
    const sdk = 'gme-room';
    for (const s of read('000_e49af4bdc29ace7f.txt')) {
      const tb = tables(s.lines), body = s.lines.join('\n');
      for (const t of tb) for (const [c0] of t) {
        if (s.heading === '代码结构') need(sdk, s.heading, c0, r => r.kind === 'claim' && (r.values || []).includes(c0));
        else if (s.heading === '组件属性') need(sdk, s.heading, c0, rec('attribute', c0));
        else if (s.heading === '事件定义') need(sdk, s.heading, c0, rec('event', c0));
        else if (s.heading === '错误') need(sdk, s.heading, c0, rec('error', c0));
        else if (/函数原型/.test(s.heading)) { const m = /^\s*(\w+)\(/m.exec(body); need(sdk, s.heading, c0, param(m[1], c0)); } else need(sdk, s.heading, c0, rec('claim', c0));
      }
      if (s.heading === '函数原型') { const m = /^\s*(\w+)\(/m.exec(body); need(sdk, s.heading, m[1], rec('method', m[1])); }
      for (const m of body.matchAll(/\*\*(EVENT_TYPE|ERROR_TYPE)\*\*/g)) need(sdk, s.heading, m[1], rec('constant', m[1]));
    }
  }
  { // 001 emedia
    const sdk = 'emedia', file = '001_741490ab71ad8bc7.txt', text = fs.readFileSync(path.join(seedsDir, file), 'utf8');
    for (const n of new Set([...text.matchAll(/emedia\.mgr\.(\w+)/g)].map(m => m[1]))) need(sdk, 'emedia.mgr.' + n, n, r => r.name === n && r.origin === 'spec');
    for (const n of new Set([...text.matchAll(/emedia\.util\.(\w+)/g)].map(m => m[1]))) need(sdk, 'emedia.util.' + n, n, rec('method', n));
    for (const block of text.matchAll(/@method (\w+)[\s\S]*?\*\//g)) {
      need(sdk, '接口说明', block[1], rec('method', block[1]));
      for (const p of block[0].matchAll(/@param \{\w+\} ([\w.]+)/g)) need(sdk, block[1], p[1], r => rec('method', block[1])(r) && r.params.some(x => x.name === p[1] || x.name === p[1].replace(/^\w+\./, '')));
    }
    for (const [g, body] of [...text.matchAll(/emedia\.mgr\.(ConfrType|Role) = \{([\s\S]*?)\}/g)].map(m => [m[1], m[2]]))
      for (const c of body.matchAll(/^\s*(\w+): (\d+)/gm)) need(sdk, g, c[1], r => r.kind === 'constant' && r.name === `${g}.${c[1]}` && r.value === +c[2] && r.origin === 'spec');
    for (const c of text.matchAll(/case (\d+):/g)) need(sdk, 'onConferenceExit', c[1], r => r.kind === 'error' && r.name === 'reason.' + c[1] && r.origin === 'spec');
    for (const c of text.matchAll(/failed === (-\d+)/g)) need(sdk, 'onConferenceExit', c[1], r => r.kind === 'error' && r.name === 'failed.' + c[1] && r.origin === 'spec');
    for (const [o, mark] of [['confr', '// 会议对象'], ['member', '// 成员对象'], ['stream', '// 视频流对象']]) {
      const body = text.slice(text.indexOf(mark)).split('```')[0];
      for (const k of body.matchAll(/^ {4}"?(\w+)"?\s*:/gm)) need(sdk, o, k[1], r => r.kind === 'object' && r.name === o && r.members.some(x => x.name === k[1]));
    }
  }
  { // 002 trtc-wx
    const sdk = 'trtc-wx';
    const METHODS = new Set(['on', 'off', 'createPusher', 'enterRoom', 'exitRoom', 'getPlayerList', 'setPusherAttributes', 'setPlayerAttributes', 'getPusherInstance', 'getPlayerInstance']);
    for (const s of read('002_79d93dc562b94b16.txt')) {
      const h = s.heading, hb = base(h), body = s.lines.join('\n');
      for (const t of tables(s.lines)) for (const row of t) {
        const c0 = row[0], n = base(c0);
        if (['基础方法', 'pusher & player 状态变更方法', '获取实例'].includes(h)) need(sdk, h, c0, rec('method', n));
        else if (METHODS.has(hb)) need(sdk, h, c0, param(hb, c0));
        else if (h === 'pusherInstance' || h === 'playerInstance') need(sdk, h, c0, r => r.owner === h && r.name === n && r.origin === 'spec');
        else if (/^(pusher|player)Attributes/.test(h)) {
          const dflt = (row[2] || '').replace(/['"]/g, '');
          need(sdk, h, c0, r => rec('attribute', n)(r) && r.owner === h.split(' ')[0] && r.type === row[1].toLowerCase() && String(r.default) === dflt);
        }
        else if (h === '事件表') need(sdk, h, c0, rec('event', n));
        else if (h === '参数：') { /* handled below: parameter tables sit under their own sub-heading */ } else need(sdk, h, c0, r => r.name === n);
      }
      for (const m of body.matchAll(/this\.TRTC\.(pusher\w+)\(event\)/g)) need(sdk, h, m[1], rec('method', m[1]));
      for (const m of body.matchAll(/const \{([^}]+)\} = event\.data/g)) for (const k of m[1].split(',')) need(sdk, h, k.trim(), pay(h, k.trim()));
      if (/event\.data\.pusher\.netStatus/.test(body)) need(sdk, h, 'pusher', pay(h, 'pusher'));
    }
    // parameter tables under the sub-heading 参数： belong to the method heading before it
    let cur = null;
    for (const s of read('002_79d93dc562b94b16.txt')) {
      if (METHODS.has(base(s.heading))) cur = base(s.heading);
      if (s.heading === '参数：') for (const t of tables(s.lines)) for (const [c0] of t) need(sdk, cur, c0, param(cur, c0));
    }
    need(sdk, '初始化 TRTC 实例', 'new TRTC', rec('method', 'constructor'));
    need(sdk, '事件表', 'EVENT', rec('constant', 'EVENT'));
    need(sdk, 'getPusherInstance()', 'start', r => rec('method', 'start')(r) && r.owner === 'pusherInstance');
  }
  { // 003 trtc-calling
    const sdk = 'trtc-calling';
    const EVENTS = new Set(['REJECT', 'NO_RESP', 'CALLING_TIMEOUT', 'LINE_BUSY', 'CALLING_CANCEL', 'INVITED', 'USER_ENTER', 'USER_LEAVE', 'CALL_END', 'USER_VOICE_VOLUME', 'HANG_UP']);
    for (const s of read('003_32e70dac39ff0405.txt')) {
      const h = s.heading, hb = base(h);
      if (EVENTS.has(h)) need(sdk, h, h, rec('event', h));
      for (const t of tables(s.lines)) for (const [c0] of t) {
        const n = base(c0);
        if (EVENTS.has(h)) need(sdk, h, c0, pay(h, c0));
        else if (h.includes('TRTCCalling&gt; 属性')) need(sdk, h, c0, r => rec('attribute', c0)(r) && r.owner === 'component');
        else if (h === 'config 参数') need(sdk, h, c0, r => rec('attribute', c0)(r) && r.owner === 'config');
        else if (['事件订阅/取消订阅', '邀请方函数', '被邀请方函数', '通用功能函数'].includes(h)) need(sdk, h, c0, rec('method', n));
        else need(sdk, h, c0, param(hb, c0));
        if (h === 'INVITED' && c0 === 'inviteData') for (const k of ['callType', 'roomID']) need(sdk, h, k, r => r.kind === 'object' && r.name === 'inviteData' && r.members.some(x => x.name === k));
      }
    }
    for (const n of ['selectComponent']) need(sdk, '组件方法', n, rec('method', n));
    need(sdk, '异常捕获', 'ERROR', rec('event', 'ERROR'));
    need(sdk, '事件表', 'EVENT', rec('constant', 'EVENT'));
  }
  return R;
}

/** Compares the ledgers with the seeds; returns { required, missing, badRefs }. */
export function coverage(docs, seedsDir) {
  const req = requirements(seedsDir);
  const missing = req.filter(q => !docs[q.sdk].records.some(q.want)).map(q => `${q.sdk}: ${q.heading} / ${q.token}`);
  const badRefs = [];
  const cache = {};
  for (const d of Object.values(docs)) for (const r of d.records) for (const s of r.spec) {
    const c = cache[s.file] || (cache[s.file] = (() => { const t = fs.readFileSync(path.join(seedsDir, s.file), 'utf8'); return { t, h: new Set(sections(t).map(x => x.heading)) }; })());
    if (!c.h.has(s.heading)) badRefs.push(`${r.id}: no heading "${s.heading}" in ${s.file}`);
    if (s.item && !c.t.split('\n').some(l => l.trim() === s.item)) badRefs.push(`${r.id}: no item "${s.item}" in ${s.file}`);
  }
  return { required: req.length, missing, badRefs };
}

/** Markdown table: records per kind and ledger, total (of which named by the seed). */
export function counts(docs) {
  const names = Object.keys(docs), rows = [`| kind | ${names.join(' | ')} | all |`, `| --- | ${names.map(() => '---:').join(' | ')} | ---: |`];
  const cell = rs => `${rs.length} (${rs.filter(r => r.origin === 'spec').length})`;
  for (const k of [...KINDS, 'all']) {
    const per = names.map(n => docs[n].records.filter(r => k === 'all' || r.kind === k));
    rows.push(`| ${k} | ${per.map(cell).join(' | ')} | ${cell(per.flat())} |`);
  }
  return rows.join('\n');
}

function main(argv) {
  const docs = loadLedgers();
  if (argv.includes('--counts')) { console.log(counts(docs)); return 0; }
  const i = argv.indexOf('--seeds'), seeds = i >= 0 ? argv[i + 1] : path.join(HERE, 'seeds');
  const err = validate(docs);
  if (fs.existsSync(seeds)) {
    const c = coverage(docs, seeds);
    err.push(...c.missing.map(x => 'not covered: ' + x), ...c.badRefs);
    console.log(`seed items checked: ${c.required}, not covered: ${c.missing.length}, bad references: ${c.badRefs.length}`);
  } else console.log('seed folder not found, coverage skipped');
  const readme = path.join(HERE, 'README.md');
  if (fs.existsSync(readme) && !fs.readFileSync(readme, 'utf8').includes(counts(docs))) err.push('README.md: count table is out of date (node check.mjs --counts)');
  err.forEach(e => console.error(e));
  console.log(`${Object.values(docs).reduce((n, d) => n + d.records.length, 0)} records, ${err.length} problem(s)`);
  return err.length ? 1 : 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = main(process.argv.slice(2));
