// Builds the demo site into dist/web/. The names of scripts and styles carry a hash of their content, so that they
// can be kept for ever; the page that names them cannot.
import { readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { buildHost } from './host.mjs';

/** Writes the site; `put` writes one file. */
export async function buildWeb(root, put) {
  const out = path.join(root, 'dist/web');
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { main: 'web/demo/src/main.ts', style: 'web/demo/style.css' },
    entryNames: '[name]-[hash]',
    outdir: path.join(out, 'assets'),
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2020',
    charset: 'utf8',
    minify: true,
    legalComments: 'eof',
    tsconfig: 'web/tsconfig.json',
    logLevel: 'warning',
  });
  const named = (ending) => outputFiles.find((file) => file.path.endsWith(ending)).path;
  const page = await readFile(path.join(root, 'web/demo/index.html'), 'utf8');
  const href = (file) => path.relative(out, file).split(path.sep).join('/');
  for (const file of outputFiles) {
    await put(file.path, file.text);
  }
  await put(path.join(out, 'index.html'), page.replace('{{script}}', href(named('.js'))).replace('{{style}}', href(named('.css'))));
  // What an earlier build left would be carried by the server for nothing.
  const kept = new Set([...outputFiles.map((file) => path.basename(file.path)), ...await buildHost(root, put)]);
  const stale = (await readdir(path.join(out, 'assets'))).filter((name) => !kept.has(name));
  await Promise.all(stale.map((name) => rm(path.join(out, 'assets', name))));
  for (const file of outputFiles) {
    console.log(`dist/web/${href(file.path)}  ${(file.contents.byteLength / 1024).toFixed(1)} KiB`);
  }
}
