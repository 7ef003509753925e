/** The device, its permissions, and the application's life. */
import { api, Channel, Refusal } from './call.js';

/** The base library whose behaviour is followed. */
export const SDK_VERSION = '3.7.0';

function windowInfo(): Record<string, unknown> {
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  return {
    pixelRatio: window.devicePixelRatio, screenWidth: width, screenHeight: height, windowWidth: width, windowHeight: height, statusBarHeight: 20,
    safeArea: { left: 0, right: width, top: 0, bottom: height, width, height }, screenTop: 64,
  };
}

function systemInfo(): Record<string, unknown> {
  return {
    ...windowInfo(), ...appInfo(), brand: 'browser', model: navigator.userAgent.slice(0, 64), system: 'Browser 1.0', platform: 'browser', benchmarkLevel: -1,
    deviceOrientation: 'portrait',
  };
}

function appInfo(): Record<string, unknown> {
  return {
    SDKVersion: SDK_VERSION, version: '8.0.50', language: navigator.language.startsWith('zh') ? 'zh_CN' : 'en', enableDebug: false, fontSizeSetting: 16,
    theme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light', host: { appId: '', env: 'browser' },
  };
}

/** Scopes that browsers have, by their names there. */
const SCOPES: Record<string, 'camera' | 'microphone'> = { 'scope.camera': 'camera', 'scope.record': 'microphone' };

async function permission(scope: string): Promise<string> {
  const name = SCOPES[scope];
  if (!name) {
    return 'granted';
  }
  try {
    return (await navigator.permissions.query({ name: name as PermissionName })).state;
  } catch {
    return 'prompt'; // Firefox does not know the names; it asks when the device is opened.
  }
}

async function getSetting(): Promise<object> {
  const known = await Promise.all(Object.keys(SCOPES).map(async (scope) => [scope, await permission(scope)] as const));
  return { authSetting: Object.fromEntries(known.filter(([, state]) => state !== 'prompt').map(([scope, state]) => [scope, state === 'granted'])) };
}

async function authorize(scope: string): Promise<void> {
  const name = SCOPES[scope];
  if (!name) {
    return;
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

/** The functions of this file. */
export function system(life: Life): Record<string, unknown> {
  const ok = (name: string): unknown => api(name, () => undefined);
  return {
    getSystemInfoSync: systemInfo, getSystemInfo: api('getSystemInfo', systemInfo), getSystemInfoAsync: api('getSystemInfoAsync', systemInfo),
    getWindowInfo: windowInfo, getAppBaseInfo: appInfo,
    getDeviceInfo: () => ({ platform: 'browser', system: 'Browser 1.0', brand: 'browser', model: '' }),
    getSystemSetting: () => ({ bluetoothEnabled: false, locationEnabled: false, wifiEnabled: true, deviceOrientation: 'portrait' }),
    getAppAuthorizeSetting: () => ({ cameraAuthorized: 'authorized', microphoneAuthorized: 'authorized' }),
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
    getUpdateManager: () => ({ onCheckForUpdate: () => undefined, onUpdateReady: () => undefined, onUpdateFailed: () => undefined, applyUpdate: () => location.reload() }),
    getAccountInfoSync: () => ({ miniProgram: { appId: '', envVersion: 'develop', version: '' } }),
    getLaunchOptionsSync: () => ({ path: '', query: {}, scene: 1001, referrerInfo: {} }),
    getEnterOptionsSync: () => ({ path: '', query: {}, scene: 1001, referrerInfo: {} }),
    setInnerAudioOption: ok('setInnerAudioOption'), stopPullDownRefresh: ok('stopPullDownRefresh'), setEnableDebug: ok('setEnableDebug'),
    showShareMenu: ok('showShareMenu'), hideShareMenu: ok('hideShareMenu'), reportEvent: () => undefined, reportAnalytics: () => undefined,
    arrayBufferToBase64: (buffer: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))),
    base64ToArrayBuffer: (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer,
    nextTick: (run: () => void) => queueMicrotask(run),
    getLogManager: () => console, getRealtimeLogManager: () => ({ ...console, setFilterMsg: () => undefined, addFilterMsg: () => undefined }),
    env: { USER_DATA_PATH: 'wxfile://usr' },
  };
}
