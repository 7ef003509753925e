// Builds what runs mini programs in a browser into dist/web/host/, and the example project into dist/web/miniprogram/.
import { cp, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';

/** Files of a project that the host reads as texts; all others are fetched when they are shown. */
const TEXTS = new Set(['.js', '.ts', '.json', '.wxml', '.wxss', '.wxs']);

/** The template compiler is written for Node: the lines that read its code from a disk become a function. */
const compilerForBrowsers = {
  name: 'compiler-for-browsers',
  setup(builder) {
    builder.onLoad({ filter: /glass_easel_template_compiler\.js$/ }, async ({ path: file }) => {
      const text = await readFile(file, 'utf8');
      const from = text.indexOf("const path = require('path')");
      const words = 'const { TextDecoder, TextEncoder } = require(`util`);';
      if (from < 0 || !text.includes(words)) {
        throw new Error(`${file} is not written as it was: look how it loads its code now`);
      }
      const start = `module.exports.startWith = async (source) => {
        ({ instance: { exports: wasm } } = await WebAssembly.instantiateStreaming(source, imports));
      };`;
      return { contents: text.slice(0, from).replace(words, '') + start, loader: 'js' };
    });
  },
};

function hashed(name, bytes) {
  const { name: stem, ext } = path.parse(name);
  return `${stem}-${createHash('sha256').update(bytes).digest('hex').slice(0, 8).toUpperCase()}${ext}`;
}

async function pages(root, put, names) {
  for (const [source, target, part] of [['shell/index.html', 'index.html', 'shell'], ['frame/frame.html', 'frame.html', 'frame']]) {
    const html = await readFile(path.join(root, 'web/host/src', source), 'utf8');
    await put(path.join(root, 'dist/web/host', target), html
      .replace('{{script}}', `/assets/${names[`${part}.js`]}`)
      .replace('{{style}}', `/assets/${names[`${part}.css`]}`)
      .replace('{{compiler}}', `/assets/${names['compiler.wasm']}`));
  }
}

/** All files below a folder, as paths with slashes. */
async function filesBelow(folder, prefix = '') {
  const found = [];
  for (const entry of await readdir(path.join(folder, prefix), { withFileTypes: true })) {
    const name = `${prefix}${entry.name}`;
    if (entry.name.startsWith('.') || entry.name === 'node_modules') {
      continue;
    }
    found.push(...(entry.isDirectory() ? await filesBelow(folder, `${name}/`) : [name]));
  }
  return found.sort();
}

/** Writes a project as the host reads it: its texts in one file, everything else beside it. */
async function project(root, put, folder, name) {
  const out = path.join(root, 'dist/web/miniprogram');
  const files = {};
  await rm(out, { recursive: true, force: true });
  for (const file of await filesBelow(folder)) {
    if (TEXTS.has(path.extname(file))) {
      files[file] = await readFile(path.join(folder, file), 'utf8');
    } else if (!file.endsWith('.md')) {
      await mkdir(path.dirname(path.join(out, 'files', file)), { recursive: true });
      await cp(path.join(folder, file), path.join(out, 'files', file));
    }
  }
  const text = JSON.stringify({ name, files });
  await put(path.join(out, 'project.json'), text);
  return Buffer.byteLength(text);
}

/** Copies the SDKs into the example project, where its pages require them. */
async function installSdks(root, folder) {
  await rm(path.join(folder, 'huitong'), { recursive: true, force: true });
  for (const sdk of await readdir(path.join(root, 'dist/miniprogram'))) {
    await cp(path.join(root, 'dist/miniprogram', sdk), path.join(folder, 'huitong', sdk), {
      recursive: true, filter: (file) => !/\.(d\.ts|map)$|package\.json$/.test(file),
    });
  }
}

/** See the head of the file. Gives the names of the files in dist/web/assets/. */
export async function buildHost(root, put) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: {
      shell: 'web/host/src/shell/shell.ts', frame: 'web/host/src/frame/main.ts',
      'shell-style': 'web/host/src/shell/shell.css', 'frame-style': 'web/host/src/frame/frame.css',
    },
    outdir: path.join(root, 'dist/web/assets'),
    bundle: true, write: false, format: 'esm', platform: 'browser', target: 'es2020', charset: 'utf8', minify: true,
    legalComments: 'eof', tsconfig: 'web/tsconfig.json', logLevel: 'warning', plugins: [compilerForBrowsers],
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const code = createRequire(path.join(root, 'web/host/package.json')).resolve('glass-easel-template-compiler');
  const made = [
    ...outputFiles.map((file) => [path.basename(file.path).replace('-style', ''), file.contents]),
    ['compiler.wasm', await readFile(code.replace(/\.js$/, '_bg.wasm'))],
  ];
  const names = {};
  for (const [name, bytes] of made) {
    names[name] = hashed(name, bytes);
    await put(path.join(root, 'dist/web/assets', names[name]), bytes);
    console.log(`dist/web/assets/${names[name]}  ${(bytes.byteLength / 1024).toFixed(1)} KiB`);
  }
  await pages(root, put, names);
  const example = path.join(root, 'examples/miniprogram');
  if ((await stat(example).catch(() => null))?.isDirectory()) {
    await installSdks(root, example);
    const size = await project(root, put, example, 'examples/miniprogram');
    console.log(`dist/web/miniprogram/project.json  ${(size / 1024).toFixed(1)} KiB`);
  }
  return Object.values(names);
}
