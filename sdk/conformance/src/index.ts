/** What the tests of the SDKs share. */
export { Clock } from './clock.js';
export { FakePlatform } from './platform.js';
export { FakeServer, WIRE_MS } from './server.js';
export type { Seen, Wire } from './server.js';
