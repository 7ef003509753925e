/** Camera, microphone and screen: what is there is given, and what is not has a reason. */
import { Trouble } from './trouble.js';
import type { TroubleKind } from './trouble.js';

/** What of a browser is needed; tests hand over their own. */
export interface CaptureScope {
  isSecureContext: boolean;
  navigator: { mediaDevices?: Pick<MediaDevices, 'getUserMedia'> & Partial<Pick<MediaDevices, 'getDisplayMedia'>> };
  MediaStream: new (tracks: MediaStreamTrack[]) => MediaStream;
}

/** What is wanted; false or left out: not at all. */
export interface CaptureWish {
  audio?: MediaTrackConstraints | false;
  video?: MediaTrackConstraints | false;
}

/** What came of it: the tracks that are there, and why others are not. */
export interface Captured {
  stream: MediaStream;
  troubles: Trouble[];
}

type Kind = 'audio' | 'video';

const KINDS: Record<string, Record<Kind, TroubleKind>> = {
  NotAllowedError: { audio: 'microphone-denied', video: 'camera-denied' },
  SecurityError: { audio: 'microphone-denied', video: 'camera-denied' },
  NotFoundError: { audio: 'no-microphone', video: 'no-camera' },
  OverconstrainedError: { audio: 'no-microphone', video: 'no-camera' },
  NotReadableError: { audio: 'microphone-busy', video: 'camera-busy' },
  AbortError: { audio: 'microphone-busy', video: 'camera-busy' },
};

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

function explain(error: unknown, kind: Kind): Trouble {
  return new Trouble(KINDS[nameOf(error)]?.[kind] ?? 'capture-failed', String(error));
}

function devices(scope: CaptureScope): NonNullable<CaptureScope['navigator']['mediaDevices']> | Trouble {
  const found = scope.navigator.mediaDevices;
  if (found) {
    return found;
  }
  return new Trouble(scope.isSecureContext ? 'unsupported' : 'insecure-page', 'navigator.mediaDevices is missing');
}

/**
 * Opens microphone and camera. If both are wanted and the browser refuses, each is asked for alone: one that works is
 * worth having, and only so is it known which one does not. Never rejects.
 */
export async function capture(wish: CaptureWish, scope: CaptureScope = window): Promise<Captured> {
  const none = (troubles: Trouble[]): Captured => ({ stream: new scope.MediaStream([]), troubles });
  const found = devices(scope);
  if (found instanceof Trouble) {
    return none([found]);
  }
  const wanted = (['audio', 'video'] as const).filter((kind) => wish[kind]);
  if (wanted.length === 0) {
    return none([]);
  }
  if (wanted.length === 2) {
    try {
      const { audio = false, video = false } = wish;
      return { stream: await found.getUserMedia({ audio, video }), troubles: [] };
    } catch {
      // Asked again below, one by one.
    }
  }
  const tracks: MediaStreamTrack[] = [];
  const troubles: Trouble[] = [];
  for (const kind of wanted) {
    try {
      const stream = await found.getUserMedia({ [kind]: wish[kind] });
      tracks.push(...stream.getTracks());
    } catch (error) {
      troubles.push(explain(error, kind));
    }
  }
  return { stream: new scope.MediaStream(tracks), troubles };
}

/** Asks the user for a screen, window or tab, with its sound where the browser offers that. */
export async function captureScreen(scope: CaptureScope = window): Promise<MediaStream> {
  const found = devices(scope);
  if (found instanceof Trouble) {
    throw found;
  }
  if (!found.getDisplayMedia) {
    throw new Trouble('unsupported', 'this browser cannot share a screen');
  }
  try {
    return await found.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: true });
  } catch (error) {
    throw new Trouble(nameOf(error) === 'NotAllowedError' ? 'screen-denied' : 'capture-failed', String(error));
  }
}

/** Ends all tracks, so that the light of the camera goes out. */
export function release(stream: MediaStream | null): void {
  stream?.getTracks().forEach((track) => track.stop());
}
