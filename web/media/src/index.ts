/** WHIP, WHEP and FLV in browsers, with capture, meters and statistics. */
export * from './address.js';
export * from './capture.js';
export { ChoosingPlayer, Experience } from './choose.js';
export type { Way } from './choose.js';
export { engine } from './engine.js';
export { CLOSE_BEHIND, FlvPlayer } from './flv.js';
export type { Latency } from './flv.js';
export { audioContext, loudness, Meter } from './meter.js';
export * from './player.js';
export { quality } from './quality.js';
export { snapshot } from './snapshot.js';
export type { Picture } from './snapshot.js';
export * from './trouble.js';
export { WhepPlayer } from './whep.js';
export { WhipPublisher } from './whip.js';
export type { PublishEvents, PublishLimits, PublishStats } from './whip.js';
