// Starts the built server on free ports, and speaks to its back-end API.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { until } from './until.mjs'

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..')
const START_MS = 15000
/** A drain may wait for players; the configured time is shorter. */
const STOP_MS = 15000
const LOG_CHARS = 200_000

/** The binary under test: `HUITONG_BIN`, else the release build, else the debug build. */
export function binary() {
  const { HUITONG_BIN } = process.env
  const candidates = HUITONG_BIN
    ? [path.resolve(HUITONG_BIN)]
    : ['release', 'debug'].map((kind) => path.join(ROOT, `target/${kind}/huitong`))
  const found = candidates.find((file) => fs.existsSync(file))
  if (!found) throw new Error(`no server binary: build it or set HUITONG_BIN (looked at ${candidates.join(', ')})`)
  return found
}

/** A port that was free a moment ago. */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

export class Server {
  #child
  #directory
  #launch
  #ended = false
  logText = ''
  app = { id: 1400000001, secret: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef' }

  /**
   * Starts a server with its own data directory; `args` are added to the command line. With `demo` it is given no
   * application and makes its own, whose secret is read from its data. With `preview` it shows the mini program in
   * that folder.
   */
  static async start({ args = [], env = {}, demo = false, preview = '' } = {}) {
    const server = new Server()
    server.httpPort = await freePort()
    server.rtmpPort = await freePort()
    server.#directory = fs.mkdtempSync(path.join(os.tmpdir(), 'huitong-phones-'))
    server.#launch = { preview, args: [...(demo ? [] : ['--app', `${server.app.id}:${server.app.secret}`]), ...args], env }
    await server.#spawn(server.#launch.args, env)
    if (demo) server.app = JSON.parse(fs.readFileSync(path.join(server.#directory, 'demo-app.json'), 'utf8'))
    return server
  }

  /** The machine loses its power and comes back: the same ports and data, nothing in memory. */
  crashAndRestart = () => this.#restart('SIGKILL')

  /** An operator restarts the server. */
  restart = () => this.#restart('SIGTERM')

  async #restart(signal) {
    const exited = once(this.#child, 'exit')
    this.#child.kill(signal)
    await exited
    await this.#spawn(this.#launch.args, this.#launch.env)
  }

  get http() {
    return `http://127.0.0.1:${this.httpPort}`
  }

  get rtmp() {
    return `rtmp://127.0.0.1:${this.rtmpPort}/live`
  }

  get pid() {
    return this.#child.pid
  }

  async #spawn(args, env) {
    const all = [
      ...(this.#launch.preview ? ['preview', this.#launch.preview] : ['serve']),
      '--http',
      `127.0.0.1:${this.httpPort}`,
      '--rtmp',
      `127.0.0.1:${this.rtmpPort}`,
      '--rtc',
      '127.0.0.1:0',
      '--data',
      this.#directory,
      '--public-host',
      '127.0.0.1',
      ...args,
    ]
    // The tests' own variables mean nothing to the server; phones that died need no long drain.
    const ours = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HUITONG_')))
    this.#child = spawn(binary(), all, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...ours, HUITONG_DRAIN_SECONDS: '1', ...env },
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on('data', (data) => {
        this.logText = (this.logText + data).slice(-LOG_CHARS)
      })
    }
    const child = this.#child
    const killWithUs = () => child.kill('SIGKILL')
    process.once('exit', killWithUs)
    this.#ended = false
    child.once('exit', () => {
      process.off('exit', killWithUs)
      if (this.#child === child) this.#ended = true
    })
    const healthy = async () => {
      if (this.#ended) throw new Error(`the server ended at once:\n${this.logText}`)
      return (await fetch(`${this.http}/healthz`).catch(() => null))?.status === 200
    }
    await until(healthy, { what: 'the server answers /healthz', within: START_MS, explain: () => this.logTail() })
  }

  /** The end of the server's log, for explanations. */
  logTail(lines = 40) {
    return this.logText.split('\n').slice(-lines).join('\n')
  }

  /** Asks the server to drain and waits; resolves with the exit code. */
  async stop() {
    if (this.#ended) return this.#child.exitCode
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS)
    const [code] = await exited
    clearTimeout(timer)
    fs.rmSync(this.#directory, { recursive: true, force: true })
    return code
  }

  /** The back-end API, with the application's credentials. Throws with the server's sentence when refused. */
  async api(method, pathname, body) {
    const { id, secret } = this.app
    const response = await fetch(`${this.http}${pathname}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body && JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${pathname}: ${response.status} ${text}`)
    return text ? JSON.parse(text) : null
  }

  /** A room with members and streams, or null when there is none. */
  async room(room) {
    try {
      return await this.api('GET', `/v1/rooms/${encodeURIComponent(room)}`)
    } catch (error) {
      if (/ 404 /.test(error.message)) return null
      throw error
    }
  }

  /** Runs `huitong url push|play` and returns the URLs by name. */
  async urls(kind, room, user, extra = []) {
    const { id, secret } = this.app
    const args = [
      'url',
      kind,
      '--server',
      this.http,
      '--app',
      `${id}:${secret}`,
      '--room',
      String(room),
      '--user',
      user,
      ...extra,
    ]
    const { stdout } = await promisify(execFile)(binary(), args)
    return Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')),
    )
  }
}
