// Builds every SDK into dist/miniprogram/, each as one file that a mini program can require as it is, and the demo site
// into dist/web/.
import { copyFile, mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUDGETS, budgetTable } from './budgets.mjs';
import { PRIVATE, privateNames } from './private.mjs';
import { buildWeb } from './web.mjs';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const OUT = path.join(ROOT, 'dist/miniprogram');

/** The SDKs whose module is one thing, a class or an object: `global` is its name where there is no module system. */
const MODULES = [
  { folder: 'trtc-wx', file: 'trtc-wx.js', global: 'TRTC', types: 'trtc-wx.d.ts' },
  { folder: 'emedia', file: 'emedia_for_miniProgram.js', global: 'emedia', types: 'emedia_for_miniProgram.d.ts' },
];

/** The SDKs that are one component: `name` is that of its four files. */
const COMPONENTS = [{ folder: 'trtc-calling', name: 'TRTCCalling' }];

/** The SDKs that are one component of many files: each source becomes a file of its own, at the same place. */
const FOLDERS = [{ folder: 'gme-room', name: 'gme-room', types: 'gme-room.d.ts' }];

const LICENSE = '/*! Huitong, Apache-2.0 */';

/** CommonJS, AMD or a global; the module is the thing itself. */
function umd(code, name) {
  const head = `(function(r,f){typeof exports==="object"&&typeof module!=="undefined"?module.exports=f():typeof define==="function"&&define.amd?define([],f):r.${name}=f()})`;
  return `${LICENSE}\n${head}(this,function(){${code.trim()}return __sdk.default});\n`;
}

/** What all builds for phones have in common. */
const FOR_PHONES = {
  absWorkingDir: ROOT,
  bundle: true,
  write: false,
  platform: 'neutral',
  target: 'es2015',
  charset: 'utf8',
  minify: true,
  mangleProps: PRIVATE,
  legalComments: 'none',
  tsconfig: 'sdk/tsconfig.json',
  logLevel: 'warning',
};

/** One for all builds: to know the types takes a second. */
const SHORT_NAMES = privateNames(path.join(ROOT, 'sdk/tsconfig.json'));

async function bundle(folder) {
  const { outputFiles } = await build({
    ...FOR_PHONES,
    entryPoints: [`sdk/${folder}/src/index.ts`],
    format: 'iife',
    globalName: '__sdk',
    plugins: [SHORT_NAMES],
  });
  return outputFiles[0].text;
}

/** Files of the same SDK are required where they are; what comes from elsewhere is in the file that needs it. */
function apart(source) {
  return {
    name: 'apart',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\./ }, ({ path: file, kind, importer }) =>
        kind === 'entry-point' || !importer.startsWith(source + path.sep) ? null : { path: file, external: true },
      ),
  };
}

/** Every source of a folder, built by itself: pairs of name without ending, and text. */
async function pieces(folder) {
  const source = path.join(ROOT, 'sdk', folder, 'src');
  const names = (await readdir(source, { recursive: true })).filter((name) => name.endsWith('.ts')).sort();
  const { outputFiles } = await build({
    ...FOR_PHONES,
    entryPoints: names.map((name) => `./sdk/${folder}/src/${name}`),
    outbase: `sdk/${folder}/src`,
    outdir: 'out',
    format: 'cjs',
    plugins: [apart(source), SHORT_NAMES],
  });
  return outputFiles.map(({ path: file, text }) => [path.relative(path.join(ROOT, 'out'), file), text]);
}

/** Writes beside and renames, so that whoever reads meanwhile sees a whole file. */
async function put(file, text) {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/** Pairs of name and bytes, for the table at the end. */
const SIZES = [];

function built(name, ...texts) {
  if (!(name in BUDGETS)) {
    throw new Error(`${name} has no budget in sdk/tools/budgets.mjs`);
  }
  SIZES.push([name, texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)]);
}

for (const { folder, file, global, types } of MODULES) {
  const target = path.join(OUT, folder);
  const source = path.join(ROOT, 'sdk', folder);
  const text = umd(await bundle(folder), global);
  await put(path.join(target, file), text);
  await copyFile(path.join(source, types), path.join(target, types));
  const { version, description } = JSON.parse(await readFile(path.join(source, 'package.json'), 'utf8'));
  const manifest = { name: folder, version, description, main: file, types, license: 'Apache-2.0', miniprogram: '.' };
  await put(path.join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  built(`${folder}/${file}`, text);
}

/** Icons as a style sheet can carry them: local files are not allowed there. */
async function iconRules(folder) {
  const rules = [];
  for (const file of (await readdir(folder)).sort()) {
    const data = (await readFile(path.join(folder, file))).toString('base64');
    rules.push(`.ht-icon-${path.basename(file, '.svg')} { background-image: url("data:image/svg+xml;base64,${data}"); }`);
  }
  return rules.join('\n');
}

for (const { folder, name } of COMPONENTS) {
  const target = path.join(OUT, name);
  const source = path.join(ROOT, 'sdk', folder);
  const code = await bundle(folder);
  const text = `${LICENSE}\n${code}`;
  await put(path.join(target, `${name}.js`), text);
  const icons = await iconRules(path.join(source, 'icons'));
  const style = await readFile(path.join(source, `src/${name}.wxss`), 'utf8');
  await put(path.join(target, `${name}.wxss`), style.replace('/* ICONS */', icons));
  for (const kind of ['wxml', 'json']) {
    await copyFile(path.join(source, `src/${name}.${kind}`), path.join(target, `${name}.${kind}`));
  }
  built(`${name}/${name}.js`, text);
}

for (const { folder, name, types } of FOLDERS) {
  const target = path.join(OUT, name);
  const source = path.join(ROOT, 'sdk', folder);
  const texts = [];
  for (const [file, code] of await pieces(folder)) {
    texts.push(`${LICENSE}\n${code}`);
    await put(path.join(target, file), texts.at(-1));
  }
  for (const kind of ['wxml', 'wxss', 'json']) {
    await copyFile(path.join(source, `src/${name}.${kind}`), path.join(target, `${name}.${kind}`));
  }
  await copyFile(path.join(source, types), path.join(target, types));
  built(`${name}/`, ...texts);
}

await buildWeb(ROOT, put);
console.log(budgetTable(SIZES));
