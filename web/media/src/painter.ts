/** A picture that is sent otherwise than the camera gives it: mirrored, or a still one in its place. */

/** How often a still picture is sent, ms: often enough that a viewer who comes sees it at once. */
const STILL_MS = 500;

/** How often a camera is painted, ms. An element that is not on the page hears of no new frames. */
const FRAME_MS = 50;

type FrameTrack = MediaStreamTrack & { requestFrame?(): void };

/** See the head of the file. */
export class Painter {
  /** What is painted, as a track. */
  readonly track: MediaStreamTrack;
  private readonly canvas = document.createElement('canvas');
  private readonly video = document.createElement('video');
  private readonly brush: CanvasRenderingContext2D;
  private timer = 0;

  constructor() {
    const brush = this.canvas.getContext('2d');
    if (!brush) {
      throw new Error('this browser has no canvas');
    }
    this.brush = brush;
    this.canvas.width = 2;
    this.canvas.height = 2;
    brush.fillRect(0, 0, 2, 2);
    // Frames are sent when something was painted, not when the page is drawn: a hidden page is not drawn.
    const [track] = this.canvas.captureStream(0).getVideoTracks();
    if (!track) {
      throw new Error('this browser cannot capture a canvas');
    }
    this.track = track;
    this.video.muted = true;
    this.video.playsInline = true;
  }

  /** Paints a camera as in a mirror. */
  mirror(track: MediaStreamTrack): void {
    this.begin();
    this.video.srcObject = new MediaStream([track]);
    this.video.play().catch(() => undefined); // A muted element may always play; it may be gone, though.
    this.timer = window.setInterval(() => {
      const { videoWidth: width, videoHeight: height } = this.video;
      if (width > 0 && height > 0) {
        this.size(width, height);
        this.brush.setTransform(-1, 0, 0, 1, width, 0);
        this.brush.drawImage(this.video, 0, 0, width, height);
        this.send();
      }
    }, FRAME_MS);
  }

  /** Shows a still picture. */
  still(picture: CanvasImageSource & { width: number; height: number }): void {
    this.begin();
    // The encoder wants even sides.
    const [width, height] = [picture.width & ~1, picture.height & ~1];
    const paint = (): void => {
      this.size(width, height);
      this.brush.setTransform(1, 0, 0, 1, 0, 0);
      this.brush.drawImage(picture, 0, 0, width, height);
      this.send();
    };
    paint();
    this.timer = window.setInterval(paint, STILL_MS);
  }

  stop(): void {
    this.begin();
    this.track.stop();
  }

  private begin(): void {
    window.clearInterval(this.timer);
    this.video.srcObject = null;
  }

  private size(width: number, height: number): void {
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
  }

  private send(): void {
    (this.track as FrameTrack).requestFrame?.();
  }
}

/** Loads a picture so that it can be painted; rejects when it is not there or its server gives no leave. */
export async function loadPicture(url: string): Promise<HTMLImageElement> {
  const picture = new Image();
  picture.crossOrigin = 'anonymous';
  picture.src = url;
  await picture.decode();
  return picture;
}
