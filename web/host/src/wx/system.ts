/** The device, its permissions, and the application's life. */
import { api, Channel, Refusal } from './call.js';

/** The base library whose behaviour is followed, and a version of WeChat that has it: pages compare them. */
export const SDK_VERSION = '3.7.0';
const WECHAT_VERSION = '8.0.50';

/** There is no status bar above the page and nothing beside it: the frame is the window. */
function windowInfo(): Record<string, unknown> {
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  return {
    pixelRatio: window.devicePixelRatio, screenWidth: width, screenHeight: height, windowWidth: width, windowHeight: height, statusBarHeight: 0,
    safeArea: { left: 0, right: width, top: 0, bottom: height, width, height }, screenTop: 0,
  };
}

function systemInfo(): Record<string, unknown> {
  return {
    ...windowInfo(), ...appInfo(), ...deviceInfo(), benchmarkLevel: -1, deviceOrientation: orientation(),
  };
}

/** What a browser tells of its device, which is its name alone. */
function deviceInfo(): Record<string, unknown> {
  return { brand: 'browser', model: navigator.userAgent.slice(0, 64), system: navigator.userAgent.slice(0, 64), platform: 'browser' };
}

function orientation(): string {
  return window.screen.width > window.screen.height ? 'landscape' : 'portrait';
}

function appInfo(): Record<string, unknown> {
  return {
    SDKVersion: SDK_VERSION, version: WECHAT_VERSION, language: navigator.language.startsWith('zh') ? 'zh_CN' : 'en', enableDebug: false, fontSizeSetting: 16,
    theme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light', host: { appId: '', env: 'browser' },
  };
}

/** Scopes that browsers have, by their names there. */
const SCOPES: Record<string, 'camera' | 'microphone'> = { 'scope.camera': 'camera', 'scope.record': 'microphone' };

/** Saving a picture is a download, for which nobody is asked. */
const FREE = ['scope.writePhotosAlbum'];

/** What the browser said last about camera and microphone: some functions have to answer at once. */
const states: Record<'camera' | 'microphone', PermissionState> = { camera: 'prompt', microphone: 'prompt' };

async function ask(name: 'camera' | 'microphone'): Promise<PermissionState> {
  try {
    const status = await navigator.permissions.query({ name: name as PermissionName });
    status.onchange = () => (states[name] = status.state);
    states[name] = status.state;
  } catch {
    // Firefox does not know the names; it asks when the device is opened.
  }
  return states[name];
}

async function getSetting(): Promise<object> {
  const known = await Promise.all(Object.entries(SCOPES).map(async ([scope, name]) => [scope, await ask(name)] as const));
  const asked = known.filter(([, state]) => state !== 'prompt').map(([scope, state]) => [scope, state === 'granted']);
  return { authSetting: Object.fromEntries([...asked, ...FREE.map((scope) => [scope, true])]) };
}

/** The words of `getAppAuthorizeSetting`. */
function authorized(name: 'camera' | 'microphone'): string {
  return { granted: 'authorized', denied: 'denied', prompt: 'not determined' }[states[name]];
}

async function authorize(scope: string): Promise<void> {
  const name = SCOPES[scope];
  if (!name) {
    if (FREE.includes(scope)) {
      return;
    }
    throw new Refusal(`${scope} is not there in a browser`, { errno: 1_500_104 });
  }
  try {
    const stream = await navigator.mediaDevices.getUserMedia(name === 'camera' ? { video: true } : { audio: true });
    stream.getTracks().forEach((track) => track.stop());
  } catch (error) {
    throw new Refusal(`auth deny: ${(error as Error).message}`, { errCode: -1 });
  }
}

/** Keeps the screen on while the page is seen. A browser that does not allow it is no fault of the page. */
async function keepScreenOn(on: boolean): Promise<void> {
  const { wakeLock } = navigator as { wakeLock?: { request(kind: 'screen'): Promise<{ release(): Promise<void> }> } };
  await held?.release();
  held = null;
  if (on) {
    held = (await wakeLock?.request('screen').catch((error: Error) => console.warn(`the screen may go off: ${error.message}`))) ?? null;
  }
}
let held: { release(): Promise<void> } | null = null;

/** The application's life: shown and hidden, by the browser or by hand. */
export class Life {
  readonly shows = new Channel<object>();
  readonly hides = new Channel<void>();
  private hidden = false;

  constructor(private readonly changed: (hidden: boolean) => void) {
    document.addEventListener('visibilitychange', () => this.set(document.visibilityState === 'hidden'));
  }

  set(hidden: boolean): void {
    if (hidden === this.hidden) {
      return;
    }
    this.hidden = hidden;
    if (hidden) {
      this.changed(true);
      this.hides.tell();
    } else {
      this.shows.tell({ path: '', query: {}, scene: 1001 });
      this.changed(false);
    }
  }
}

/** What is accepted and has no effect in a browser, where there is nothing that it could change. */
const WITHOUT_EFFECT = ['setInnerAudioOption', 'stopPullDownRefresh', 'setEnableDebug', 'showShareMenu', 'hideShareMenu'];

/** The functions of this file. */
export function system(life: Life): Record<string, unknown> {
  void Promise.all(Object.values(SCOPES).map(ask));
  return {
    getSystemInfoSync: systemInfo, getSystemInfo: api('getSystemInfo', systemInfo), getSystemInfoAsync: api('getSystemInfoAsync', systemInfo),
    getWindowInfo: windowInfo, getAppBaseInfo: appInfo,
    getDeviceInfo: deviceInfo,
    // No page hears of these in a browser: off is what it is for them.
    getSystemSetting: () => ({ bluetoothEnabled: false, locationEnabled: false, wifiEnabled: navigator.onLine, deviceOrientation: orientation() }),
    getAppAuthorizeSetting: () => ({ cameraAuthorized: authorized('camera'), microphoneAuthorized: authorized('microphone') }),
    // There is no menu button; pages that draw their own bar leave this room for it.
    getMenuButtonBoundingClientRect: () => {
      const right = document.documentElement.clientWidth - 7;
      return { width: 87, height: 32, top: 26, bottom: 58, left: right - 87, right };
    },
    getSetting: api('getSetting', getSetting),
    openSetting: api('openSetting', async () => {
      window.alert('Allow the camera and the microphone for this page in the browser, beside its address, then come back.');
      return getSetting();
    }),
    authorize: api('authorize', ({ scope }) => authorize(String(scope))),
    setKeepScreenOn: api('setKeepScreenOn', ({ keepScreenOn: on }) => keepScreenOn(Boolean(on))),
    vibrateShort: api('vibrateShort', () => void navigator.vibrate?.(15)),
    vibrateLong: api('vibrateLong', () => void navigator.vibrate?.(400)),
    setClipboardData: api('setClipboardData', ({ data }) => navigator.clipboard.writeText(String(data))),
    getClipboardData: api('getClipboardData', async () => ({ data: await navigator.clipboard.readText() })),
    getRandomValues: api('getRandomValues', ({ length }) => ({ randomValues: crypto.getRandomValues(new Uint8Array(Number(length))).buffer })),
    onAppShow: life.shows.on, offAppShow: life.shows.off, onAppHide: life.hides.on, offAppHide: life.hides.off,
    // A browser takes the sound from no page.
    ...Object.fromEntries(['onAudioInterruptionBegin', 'onAudioInterruptionEnd', 'offAudioInterruptionBegin', 'offAudioInterruptionEnd'].map((name) => [name, () => undefined])),
    // The page shown is the newest one.
    getUpdateManager: () => ({ onCheckForUpdate: (run: (result: object) => void) => queueMicrotask(() => run({ hasUpdate: false })), onUpdateReady: () => undefined, onUpdateFailed: () => undefined, applyUpdate: () => location.reload() }),
    getAccountInfoSync: () => ({ miniProgram: { appId: '', envVersion: 'develop', version: '' } }),
    getLaunchOptionsSync: () => ({ path: '', query: {}, scene: 1001, referrerInfo: {} }),
    getEnterOptionsSync: () => ({ path: '', query: {}, scene: 1001, referrerInfo: {} }),
    ...Object.fromEntries(WITHOUT_EFFECT.map((name) => [name, api(name, () => undefined)])),
    reportEvent: () => undefined, reportAnalytics: () => undefined,
    arrayBufferToBase64: (buffer: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))),
    base64ToArrayBuffer: (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer,
    nextTick: (run: () => void) => queueMicrotask(run),
    getLogManager: () => console, getRealtimeLogManager: () => ({ ...console, setFilterMsg: () => undefined, addFilterMsg: () => undefined }),
    env: { USER_DATA_PATH: 'wxfile://usr' },
  };
}
