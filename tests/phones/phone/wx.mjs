// The part of `wx` that SDKs and pages use, with real sockets. What is not here comes from the official
// simulator's stub, which does nothing.
import http from 'node:http'
import { randomBytes } from 'node:crypto'
import WebSocket from 'ws'
import { MAX_SOCKETS } from './network.mjs'

const NO_NETWORK = 'fail interrupted'

const SYSTEM = {
  brand: 'Simulated',
  model: 'Simulated phone',
  system: 'Android 12',
  platform: 'android',
  version: '8.0.40',
  SDKVersion: '2.30.0',
  language: 'zh_CN',
  pixelRatio: 2,
  screenWidth: 375,
  screenHeight: 812,
  windowWidth: 375,
  windowHeight: 812,
  statusBarHeight: 44,
  safeArea: { left: 0, right: 375, top: 44, bottom: 778, width: 375, height: 734 },
}

/** Calls back as wx does, and gives a promise when no callback was passed. */
function answer(options, error, result = {}) {
  const { success, fail, complete } = options ?? {}
  if (success || fail || complete) {
    setImmediate(() => {
      if (error) fail?.({ errMsg: error })
      else success?.(result)
      complete?.(error ? { errMsg: error } : result)
    })
    return undefined
  }
  return error ? Promise.reject(Object.assign(new Error(error), { errMsg: error })) : Promise.resolve(result)
}

/** A list of listeners with wx's pair of functions `onX` and `offX`. */
function channel(target, name) {
  const listeners = []
  target[`on${name}`] = (listener) => listeners.push(listener)
  target[`off${name}`] = (listener) => {
    const at = listeners.indexOf(listener)
    if (listener === undefined) listeners.length = 0
    else if (at >= 0) listeners.splice(at, 1)
  }
  return (value) => [...listeners].forEach((listener) => listener(value))
}

/** One WebSocket with the methods of SocketTask. */
class SocketTask {
  #socket
  #handlers = { open: [], message: [], error: [], close: [] }
  #done = false

  constructor(url, { protocols, header }, network, onDone) {
    this.#socket = new WebSocket(url, protocols ?? [], {
      headers: { Referer: 'https://servicewechat.com/wx0/devtools/page-frame.html', ...header },
      createConnection: network.createConnection,
      perMessageDeflate: false,
    })
    this.#socket.on('open', () => this.#tell('open', { header: {} }))
    this.#socket.on('message', (data, binary) => {
      this.#tell('message', { data: binary ? new Uint8Array(data).buffer : data.toString() })
    })
    this.#socket.on('error', (error) => this.#tell('error', { errMsg: error.message }))
    this.#socket.on('close', (code, reason) => {
      this.#done = true
      onDone(this)
      this.#tell('close', { code, reason: reason.toString() })
    })
  }

  send({ data, ...options }) {
    if (this.#done || this.#socket.readyState !== WebSocket.OPEN) {
      return answer(options, 'sendSocketMessage:fail the socket is not open')
    }
    this.#socket.send(data)
    return answer(options, null, { errMsg: 'sendSocketMessage:ok' })
  }

  close(options = {}) {
    this.#socket.close(options.code ?? 1000, options.reason ?? '')
    return answer(options, null, { errMsg: 'closeSocket:ok' })
  }

  /** What the system does in the background: the page learns of it, the other side does not. */
  drop() {
    this.#socket.terminate()
  }

  onOpen(handler) {
    this.#handlers.open.push(handler)
  }

  onMessage(handler) {
    this.#handlers.message.push(handler)
  }

  onError(handler) {
    this.#handlers.error.push(handler)
  }

  onClose(handler) {
    this.#handlers.close.push(handler)
  }

  #tell(event, value) {
    for (const handler of this.#handlers[event]) handler(value)
  }
}

function socketFunctions(network) {
  const sockets = new Set()
  const connectSocket = (options) => {
    if (sockets.size >= MAX_SOCKETS) {
      answer(options, 'connectSocket:fail over max task count')
      return undefined
    }
    const task = new SocketTask(options.url, options, network, (ended) => sockets.delete(ended))
    sockets.add(task)
    answer({ success() {}, ...options }, null, { errMsg: 'connectSocket:ok' })
    return task
  }
  return { connectSocket, dropSockets: () => [...sockets].forEach((task) => task.drop()) }
}

function requestFunction(network) {
  return (options) => {
    const { url, method = 'GET', data, header = {}, timeout = 60000, dataType = 'json' } = options
    const fail = (message) => answer({ fail() {}, ...options }, `request:fail ${message}`)
    const body = data === undefined || method === 'GET' ? null : typeof data === 'string' ? data : JSON.stringify(data)
    let target
    try {
      target = new URL(url)
      if (target.protocol !== 'http:') throw new Error('only http is simulated')
    } catch (error) {
      fail(error.message)
      return { abort() {} }
    }
    const request = http.request(
      target,
      {
        method,
        timeout,
        headers: { 'content-type': 'application/json', ...header },
        createConnection: network.createConnection,
      },
      (response) => {
        const parts = []
        response.on('data', (part) => parts.push(part))
        response.on('end', () => {
          const text = Buffer.concat(parts).toString()
          let parsed = text
          if (dataType === 'json') {
            try {
              parsed = JSON.parse(text)
            } catch {
              // wx hands over the text when it is not JSON
            }
          }
          answer({ success() {}, ...options }, null, {
            data: parsed,
            statusCode: response.statusCode,
            header: response.headers,
          })
        })
      },
    )
    request.on('timeout', () => request.destroy(new Error('timeout')))
    request.on('error', (error) => fail(network.allowed ? error.message : NO_NETWORK))
    request.end(body)
    return { abort: () => request.destroy(new Error('abort')) }
  }
}

function storageFunctions(stored) {
  const store = new Map(Object.entries(stored).map(([key, value]) => [key, JSON.stringify(value)]))
  const get = (key) => (store.has(key) ? JSON.parse(store.get(key)) : '')
  return {
    getStorageSync: get,
    setStorageSync: (key, value) => void store.set(key, JSON.stringify(value)),
    removeStorageSync: (key) => void store.delete(key),
    clearStorageSync: () => store.clear(),
    getStorage: (options) =>
      store.has(options.key)
        ? answer(options, null, { data: get(options.key) })
        : answer(options, 'getStorage:fail data not found'),
    setStorage: (options) => {
      store.set(options.key, JSON.stringify(options.data))
      return answer(options, null)
    },
  }
}

/** Files of the mini program, and sounds that are played from them; `sounding` gives the paths of those. */
function soundFunctions(trace) {
  const files = new Map()
  const playing = new Set()
  const writeFile = ({ filePath, data, ...options }) => {
    files.set(filePath, Buffer.from(data))
    answer({ success() {}, ...options }, null)
  }
  const createInnerAudioContext = () => {
    const audio = { src: '', loop: false, onError() {}, destroy: () => audio.stop() }
    audio.play = () => {
      trace(`sound: ${audio.src} of ${files.get(audio.src)?.length} bytes${audio.loop ? ' in a loop' : ''}`)
      playing.add(audio)
    }
    audio.stop = () => playing.delete(audio) && trace('sound: none')
    return audio
  }
  const wx = { env: { USER_DATA_PATH: 'wxfile://usr' }, getFileSystemManager: () => ({ writeFile }), createInnerAudioContext }
  return { wx, sounding: () => [...playing].map(({ src }) => src) }
}

/**
 * Makes the functions of `wx`. `contexts` gives `{pusher(), player(id, component)}`; `network` is the radio;
 * `trace(text)` writes to the phone's log; `stored` is what the mini program had kept on the phone.
 */
export function createWx({ network, contexts, trace, stored = {} }) {
  const sockets = socketFunctions(network)
  const sound = soundFunctions(trace)
  const randomValues = (options) => {
    const bytes = new Uint8Array(randomBytes(options.length))
    return answer(options, null, { randomValues: bytes.buffer })
  }
  const ok = (options) => answer(options, null)
  const wx = {
    ...storageFunctions(stored),
    ...sound.wx,
    connectSocket: sockets.connectSocket,
    request: requestFunction(network),
    getSystemInfo: (options) => answer(options, null, SYSTEM),
    getSystemInfoSync: () => ({ ...SYSTEM }),
    getDeviceInfo: () => ({ ...SYSTEM }),
    getAppBaseInfo: () => ({ ...SYSTEM }),
    getWindowInfo: () => ({ ...SYSTEM }),
    getAccountInfoSync: () => ({ miniProgram: { appId: 'wx0', envVersion: 'develop' } }),
    canIUse: () => true,
    getSetting: (options) => answer(options, null, { authSetting: { 'scope.record': true, 'scope.camera': true } }),
    authorize: ok,
    setKeepScreenOn: ok,
    showToast: (options) => {
      trace(`toast: ${options.title}`)
      return answer(options, null)
    },
    showModal: (options) => answer(options, null, { confirm: true, cancel: false }),
    navigateBack: ok,
    saveImageToPhotosAlbum: ok,
    arrayBufferToBase64: (buffer) => Buffer.from(buffer).toString('base64'),
    base64ToArrayBuffer: (text) => new Uint8Array(Buffer.from(text, 'base64')).buffer,
    getRandomValues: randomValues,
    getUserCryptoManager: () => ({ getRandomValues: randomValues }),
    createLivePusherContext: () => contexts.pusher(),
    createLivePlayerContext: (id) => contexts.player(id),
  }
  const networkState = { isConnected: true, networkType: 'wifi' }
  wx.getNetworkType = (options) => answer(options, null, { networkType: networkState.networkType })
  const shown = channel(wx, 'AppShow')
  const hidden = channel(wx, 'AppHide')
  const soundBack = channel(wx, 'AudioInterruptionEnd')
  const networkChanged = channel(wx, 'NetworkStatusChange')
  const control = {
    dropSockets: sockets.dropSockets,
    sounding: sound.sounding,
    show: () => shown({ path: '', query: {}, scene: 1001 }),
    hide: () => hidden(),
    soundBack: () => soundBack(),
    networkChanged: (state) => networkChanged({ ...Object.assign(networkState, state) }),
  }
  return { wx, control }
}

/** A native context: functions that call back, as wx makes them. */
export function nativeContext(find, names, trace) {
  const context = {}
  for (const name of names) {
    context[name] = (options) => {
      const native = find()
      trace(`${native ? '' : '(no component) '}${name}`)
      if (!native) return answer({ fail() {}, ...options }, `${name}:fail the component is not on the page`)
      let result
      try {
        result = typeof native[name] === 'function' ? native[name](options) : undefined
      } catch (error) {
        return answer({ fail() {}, ...options }, error.message)
      }
      return answer({ success() {}, ...options }, null, result ?? { errMsg: `${name}:ok` })
    }
  }
  return context
}
