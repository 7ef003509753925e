/** Loads a built SDK as a phone does: CommonJS, with the runtime's globals and nothing of Node or of browsers. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';

/** The root of the repository. */
export const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** What exists in Node or in browsers and not on phones, or not on all of them. */
export const ABSENT = [
  'window', 'document', 'self', 'globalThis', 'global', 'process', 'Buffer', 'require', 'setImmediate', 'fetch', 'WebSocket',
  'XMLHttpRequest', 'URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'Blob', 'FormData', 'AbortController',
  'localStorage', 'navigator', 'location', 'crypto', 'atob', 'btoa', 'structuredClone', 'queueMicrotask', 'performance',
  'Event', 'EventTarget', 'MessageChannel', 'RTCPeerConnection', 'Proxy', 'eval', 'Function', 'WeakRef', 'BigInt',
];

/** Runs a file whose module is `module.exports`; `scope` is what it sees beside the language itself. */
export function load(file: string, scope: Record<string, unknown>): unknown {
  const source = readFileSync(path.resolve(ROOT, file), 'utf8');
  return run(source, scope, file);
}

/** The same for a text. */
export function run(source: string, scope: Record<string, unknown>, filename = 'sdk.js'): unknown {
  const module: { exports: unknown } = { exports: {} };
  const all: Record<string, unknown> = { module, exports: module.exports, ...scope };
  for (const name of ABSENT) {
    all[name] ??= undefined;
  }
  const wrapped = vm.compileFunction(source, Object.keys(all), { filename }) as (...args: unknown[]) => void;
  wrapped.call(undefined, ...Object.values(all));
  return module.exports;
}
