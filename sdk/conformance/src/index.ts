/** What the tests of the SDKs share. */
export { FakeCalls } from './calls.js';
export { FakeConferences } from './conferences.js';
export { Clock } from './clock.js';
export { checkable, ledger, promised } from './ledger.js';
export type { Check, Checks, Record_ } from './ledger.js';
export { ABSENT, ROOT, load } from './load.js';
export { Phone } from './phone.js';
export type { NativeCall } from './phone.js';
export { FakePlatform } from './platform.js';
export { FakeServer, WIRE_MS } from './server.js';
export type { Seen } from './server.js';
export type { Wire } from './server-parts.js';
