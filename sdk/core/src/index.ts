/** The platform-free heart of the SDKs. */
export { deviceId, endpoint, makeKey, playUrl, pushUrl, MEDIA_URL_CHARS } from './address.js';
export type { Endpoint, PlayFormat } from './address.js';
export { Backoff } from './backoff.js';
export * from './call-types.js';
export { Calls } from './calls.js';
export type { CallWish, CallsEvent, Outcome } from './calls.js';
export * from './connection.js';
export { Emitter } from './emitter.js';
export type { Handler, Told } from './emitter.js';
export * from './generated/protocol.js';
export { Mirror } from './mirror.js';
export type { Change, Track } from './mirror.js';
export type { Cancel, LogLevel, Platform, Socket, SocketListener } from './platform.js';
export { Revival } from './revival.js';
export { Watching } from './presence.js';
export { Room } from './room.js';
export type { Line, RoomEvent, Stay } from './room.js';
export { base64url, clip, utf8 } from './text.js';
