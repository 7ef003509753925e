/** The platform-free heart of the SDKs. */
export { deviceId, endpoint, makeKey, playUrl, pushUrl, MEDIA_URL_CHARS } from './address.js';
export type { Endpoint, PlayFormat } from './address.js';
export { Backoff } from './backoff.js';
export * from './connection.js';
export * from './generated/protocol.js';
export { Mirror } from './mirror.js';
export type { Change, Track } from './mirror.js';
export type { Cancel, LogLevel, Platform, Socket, SocketListener } from './platform.js';
export { Room } from './room.js';
export type { RoomEvent, Stay } from './room.js';
export { base64url, clip, utf8 } from './text.js';
