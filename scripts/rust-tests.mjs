// Builds the Rust tests with cargo and runs their programs side by side: `cargo test` runs one after the other, and the
// longest ones send media in real time and leave the processors idle meanwhile.
import { spawn } from 'node:child_process'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const { PRIORITY_BELOW_NORMAL } = os.constants.priority
const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const CARGO = process.env.CARGO ?? 'cargo'

/** What is built. A model checker takes the place of threads in the second build, so it is apart. */
const BUILDS = [
  ['--workspace'],
  [
    '-p', 'huitong-hub', '-p', 'huitong-codec', '--features', 'huitong-hub/shuttle,huitong-codec/shuttle',
    '--test', 'inbox_threads', '--test', 'pool_threads',
  ],
]

/** Crates whose tests wait for sockets and media; those of all others compute. */
const WAITING = /^(testkit|server|client|cli|gateway-.*|fanout|store)$/
/** Programs of the first kind at a time. They use a fifth of a processor each, and more would disturb each other's clocks. */
const WAITING_PROGRAMS = 4
/** Programs of the other kind: each uses all processors by itself, as far as those leave them. */
const COMPUTING_PROGRAMS = 1

/** Builds and gives the test programs: `{file, folder, name}`. */
async function build(args) {
  const all = ['test', ...args, '--locked', '--no-run', '--message-format=json-render-diagnostics']
  console.log(`cargo ${all.join(' ')}`)
  const cargo = spawn(CARGO, all, { cwd: ROOT, stdio: ['inherit', 'pipe', 'inherit'] })
  let text = ''
  cargo.stdout.setEncoding('utf8').on('data', (data) => (text += data))
  const code = await new Promise((resolve, reject) => cargo.once('error', reject).once('close', resolve))
  if (code !== 0) process.exit(code ?? 1)
  const messages = text.split('\n').filter(Boolean).map((line) => JSON.parse(line))
  return messages
    .filter(({ reason, profile, executable }) => reason === 'compiler-artifact' && profile.test && executable)
    .map(({ executable, manifest_path, target }) => ({
      file: executable,
      folder: path.dirname(manifest_path),
      name: path.relative(ROOT, target.src_path),
    }))
}

/** Runs one program as cargo does, in the folder of its crate, and prints what it said once it has ended. */
function run({ file, folder, name }, giveWay) {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const env = { ...process.env, CARGO, CARGO_MANIFEST_DIR: folder }
    const program = spawn(file, [], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    // Media comes in time whatever else is computed. A program that could not be started has no number, and one that gives
    // way already stays as it is.
    if (giveWay && program.pid && os.getPriority(program.pid) < PRIORITY_BELOW_NORMAL) os.setPriority(program.pid, PRIORITY_BELOW_NORMAL)
    const said = []
    for (const stream of [program.stdout, program.stderr]) stream.on('data', (data) => said.push(data))
    program.once('error', reject).once('close', (code, signal) => {
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      process.stdout.write(`     Running ${name} (${seconds} s)\n${Buffer.concat(said)}`)
      resolve(code === 0 ? [] : [`${name}: ${signal ?? `exit code ${code}`}`])
    })
  })
}

/** Runs programs, so many at a time; gives what failed. With `giveWay`, others go first. */
async function runAll(programs, atATime, giveWay) {
  const left = [...programs]
  const lane = async () => {
    const failures = []
    for (let next = left.shift(); next; next = left.shift()) failures.push(...(await run(next, giveWay)))
    return failures
  }
  return (await Promise.all(Array.from({ length: atATime }, lane))).flat()
}

const programs = []
for (const args of BUILDS) programs.push(...(await build(args)))
const waits = ({ folder }) => WAITING.test(path.basename(folder))
// Crates that stand on others have the longest tests; they come last in the list and begin first here.
const waiting = programs.filter(waits).reverse()
const computing = programs.filter((program) => !waits(program))
const lanes = [runAll(waiting, WAITING_PROGRAMS, false), runAll(computing, COMPUTING_PROGRAMS, true)]
const failures = (await Promise.all(lanes)).flat()
console.log(`\n${programs.length} test programs, ${failures.length} failed`)
if (failures.length > 0) {
  console.log(failures.join('\n'))
  process.exit(1)
}
