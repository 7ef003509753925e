/** Everything that the component has of the other packages, in one file of the build. */
export { GME_CODES, Revival, Room, base64url, deviceId, makeKey, playUrl, pushUrl } from '@huitong/core';
export type { Cancel, Endpoint, Failure, Identity, LogLevel, Platform, RoomEvent, Stay } from '@huitong/core';
export {
  PLAY, PUSH, PUSH_ERRORS, createPlayerContext, createPusherContext, findServer, onSoundBack, print, registerComponent, settings, wxPlatform,
} from '@huitong/wx-platform';
export type { NativeContext } from '@huitong/wx-platform';
