/** Pictures of what a native tag shows. */
import type { NativeContext } from '@huitong/wx-platform';

/** What a failed snapshot is called. */
const SNAPSHOT_FAILED = '截图失败';

/** What the native context gives. */
export interface Picture {
  tempImagePath: string;
  width: number;
  height: number;
}

/** Takes a picture in raw quality. */
export function takePicture(context: NativeContext | null): Promise<Picture> {
  return new Promise((resolve, reject) => {
    const failed = (): void => reject(new Error(SNAPSHOT_FAILED));
    if (!context?.['snapshot']) {
      failed();
      return;
    }
    const success = (picture: Picture): void => (picture.tempImagePath ? resolve(picture) : failed());
    context['snapshot']({ quality: 'raw', success, fail: failed });
  });
}
