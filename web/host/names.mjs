// Names of the functions that `wx` has on phones, from the published typings. `node names.mjs` writes src/wx/names.ts.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** The names, sorted. */
export async function namesOfTypings() {
  const file = createRequire(import.meta.url).resolve('miniprogram-api-typings/types/wx/lib.wx.api.d.ts');
  // The comments hold code that looks like declarations.
  const plain = (await readFile(file, 'utf8')).replace(/\/\*\*[\s\S]*?\*\//g, '');
  const [body] = plain.slice(plain.indexOf('interface Wx {')).split('\n    }\n');
  return [...new Set([...body.matchAll(/\n {8}([a-z]\w+)\s*[<(]/g)].map(([, name]) => name))].sort();
}

/** The file that holds them. */
export function render(names) {
  const lines = [''];
  for (const name of names) {
    const word = `'${name}', `;
    if (lines.at(-1).length + word.length > 116) {
      lines.push('');
    }
    lines[lines.length - 1] += word;
  }
  return `/** Functions that \`wx\` has on phones, from miniprogram-api-typings; written by names.mjs. */
export const NAMES: readonly string[] = [
${lines.map((line) => `  ${line.trimEnd()}`).join('\n')}
];
`;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  await writeFile(new URL('./src/wx/names.ts', import.meta.url), render(await namesOfTypings()));
}
