/** Which browser this is, in a few words for the server's log. */

/** Most specific first: Edge and Opera call themselves Chrome too, and everybody calls itself Safari. */
const BROWSERS: readonly [string, RegExp][] = [
  ['MicroMessenger', /MicroMessenger\/(\d+[.\d]*)/],
  ['Edge', /Edg(?:A|iOS)?\/(\d+)/],
  ['Opera', /OPR\/(\d+)/],
  ['Firefox', /(?:Firefox|FxiOS)\/(\d+)/],
  ['Chrome', /(?:Chrome|CriOS)\/(\d+)/],
  ['Safari', /Version\/(\d+[.\d]*).*Safari/],
];

const SYSTEMS: readonly [string, RegExp][] = [
  ['Android', /Android/],
  ['iOS', /iPhone|iPad/],
  ['Windows', /Windows/],
  ['macOS', /Macintosh/],
  ['ChromeOS', /CrOS/],
  ['Linux', /Linux/],
];

/** Name and version of browser and system, as the user agent tells them. */
export function describeBrowser(userAgent: string): string {
  const words = ['browser'];
  for (const [name, pattern] of BROWSERS) {
    const found = pattern.exec(userAgent);
    if (found) {
      words[0] = `${name}/${found[1] ?? ''}`;
      break;
    }
  }
  const system = SYSTEMS.find(([, pattern]) => pattern.test(userAgent));
  return system ? `${words[0]} ${system[0]}` : String(words[0]);
}
