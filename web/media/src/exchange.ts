/** The HTTP side of WHIP (RFC 9725) and WHEP: an offer goes out, an answer and the address of the session come back. */
import { Trouble } from './trouble.js';

/** What came back. */
export interface Exchanged {
  answer: string;
  /** What to DELETE at the end; empty when the server named nothing. */
  session: string;
}

/** Longest sentence of a refusal that is kept, characters. */
const SENTENCE_CHARS = 300;

/** The sentence of a problem body (RFC 9457), or the text itself. */
async function sentenceOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => '');
  try {
    const { detail, title, message } = JSON.parse(text) as Record<string, unknown>;
    const told = [detail, message, title].find((word) => typeof word === 'string' && word !== '');
    return String(told ?? response.statusText).slice(0, SENTENCE_CHARS);
  } catch {
    return (text.trim() || response.statusText).slice(0, SENTENCE_CHARS);
  }
}

/** Posts an offer. Rejects with `unreachable` or `refused`. */
export async function exchange(fetcher: typeof fetch, url: string, offer: string, signal: AbortSignal): Promise<Exchanged> {
  let response: Response;
  try {
    response = await fetcher(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: offer, signal });
  } catch (error) {
    throw new Trouble('unreachable', String(error));
  }
  if (response.status !== 201) {
    throw new Trouble('refused', await sentenceOf(response), response.status);
  }
  const location = response.headers.get('location');
  // Relative to where the answer came from, which is not `url` after a redirection.
  const session = location ? new URL(location, response.url || url).href : '';
  return { answer: await response.text(), session };
}

/**
 * Asks the server to restart ICE (RFC 9725, section 4.3.3); resolves with its fragment. Rejects with `unreachable` or
 * `refused`.
 */
export async function restartIce(fetcher: typeof fetch, session: string, fragment: string, signal: AbortSignal): Promise<string> {
  const headers = { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*' };
  let response: Response;
  try {
    response = await fetcher(session, { method: 'PATCH', headers, body: fragment, signal });
  } catch (error) {
    throw new Trouble('unreachable', String(error));
  }
  if (response.status !== 200) {
    throw new Trouble('refused', await sentenceOf(response), response.status);
  }
  return response.text();
}

/** How long the answer to a goodbye is waited for, ms. */
const GOODBYE_MS = 2000;

/**
 * Ends a session, then runs `then`. `keepalive` lets the request outlive the page. A failure is of no consequence:
 * silence ends the session too.
 */
export function hangUp(fetcher: typeof fetch, session: string, then: () => void): void {
  if (session === '') {
    then();
    return;
  }
  const signal = 'timeout' in AbortSignal ? AbortSignal.timeout(GOODBYE_MS) : null; // Safari has it since 16.
  const request = { method: 'DELETE', keepalive: true, signal };
  fetcher(session, request).catch(() => undefined).finally(then);
}
