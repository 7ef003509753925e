/** SDP fragments of trickle ICE (RFC 8840), as WHIP uses them to restart ICE (RFC 9725, section 4.3.3). */

const lines = (sdp: string): string[] => sdp.split(/\r?\n/).filter((line) => line !== '');
const whole = (all: string[]): string => all.map((line) => `${line}\r\n`).join('');
const isCandidate = (line: string): boolean => line.startsWith('a=candidate:') || line.startsWith('a=end-of-candidates');
const isCredential = (line: string): boolean => line.startsWith('a=ice-ufrag:') || line.startsWith('a=ice-pwd:');

/** What an offer says of ICE: one media section stands for all, which share its transport. */
export function fragmentOf(offer: string): string {
  const all = lines(offer);
  const first = (wanted: (line: string) => boolean): string[] => all.filter(wanted).slice(0, 1);
  const group = first((line) => line.startsWith('a=group:'));
  const head = ['m=', 'a=mid:', 'a=ice-ufrag:', 'a=ice-pwd:'].flatMap((prefix) => first((line) => line.startsWith(prefix)));
  const candidates = [...new Set(all.filter((line) => line.startsWith('a=candidate:')))];
  return whole([...group, ...head, ...candidates, 'a=end-of-candidates']);
}

/** The answer of the session with what the server says now; empty when that names no credentials. */
export function renewedAnswer(answer: string, fragment: string): string {
  const said = lines(fragment);
  const credentials = ['a=ice-ufrag:', 'a=ice-pwd:'].map((prefix) => said.find((line) => line.startsWith(prefix)));
  const [name, password] = credentials;
  if (!name || !password) {
    return '';
  }
  const fresh = said.filter((line) => line.startsWith('a=candidate:'));
  let placed = fresh.length === 0; // Without new candidates the old ones hold.
  const kept = lines(answer).filter((line) => fresh.length === 0 || !isCandidate(line));
  return whole(
    kept.flatMap((line) => {
      if (isCredential(line)) {
        return [line.startsWith('a=ice-ufrag:') ? name : password];
      }
      if (!placed && line.startsWith('a=mid:')) {
        placed = true;
        return [line, ...fresh];
      }
      return [line];
    }),
  );
}
