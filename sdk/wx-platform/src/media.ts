/** Native media contexts and the album. */

/** A native context: functions that take an options object. Which ones exist depends on the phone. */
export type NativeContext = Record<string, ((options?: unknown) => unknown) | undefined>;

/** The context of the one `<live-pusher>` of a page; null where the runtime has none. */
export function createPusherContext(page: unknown): NativeContext | null {
  return typeof wx === 'undefined' || !wx.createLivePusherContext ? null : wx.createLivePusherContext(page);
}

/** The context of the `<live-player>` with this id; null where the runtime has none. */
export function createPlayerContext(id: string, page: unknown): NativeContext | null {
  return typeof wx === 'undefined' || !wx.createLivePlayerContext ? null : wx.createLivePlayerContext(id, page);
}

/** Saves a picture to the album. */
export function saveToAlbum(filePath: string, success: (result: unknown) => void, fail: (error: unknown) => void): void {
  if (typeof wx !== 'undefined' && wx.saveImageToPhotosAlbum) {
    wx.saveImageToPhotosAlbum({ filePath, success, fail });
  } else {
    fail(new Error('saveImageToPhotosAlbum is not there'));
  }
}
