/** A still picture of what a video element shows. */
import { Trouble } from './trouble.js';

/** A picture under an address of this page. Whoever takes it frees the address. */
export interface Picture {
  url: string;
  width: number;
  height: number;
}

/** Quality of compressed pictures: what the native components call `compressed`. */
const COMPRESSED = 0.7;

/** Takes a picture: PNG when `raw`, else JPEG. */
export async function snapshot(element: HTMLVideoElement, raw: boolean): Promise<Picture> {
  const { videoWidth: width, videoHeight: height } = element;
  if (width === 0 || height === 0) {
    throw new Trouble('ended', 'there is no picture yet');
  }
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  canvas.getContext('2d')?.drawImage(element, 0, 0, width, height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, raw ? 'image/png' : 'image/jpeg', COMPRESSED));
  if (!blob) {
    throw new Trouble('unsupported', 'the browser made no picture');
  }
  return { url: URL.createObjectURL(blob), width, height };
}
