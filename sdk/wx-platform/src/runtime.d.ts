/** The part of the mini-program runtime that the SDKs use. Whatever is optional may be missing on a phone. */

interface WxOptions {
  success?: (result: any) => void;
  fail?: (result: any) => void;
  complete?: (result: any) => void;
}

interface WxSocketTask {
  send(options: WxOptions & { data: string }): void;
  close(options: WxOptions & { code?: number; reason?: string }): void;
  onOpen(run: () => void): void;
  onMessage(run: (event: { data: string | ArrayBuffer }) => void): void;
  onError(run: (event: { errMsg?: string }) => void): void;
  onClose(run: (event?: { code?: number; reason?: string }) => void): void;
}

interface Wx {
  /** What files of an application share with each other. */
  [name: string]: any;
  huitong?: any;
  connectSocket(options: WxOptions & { url: string; tcpNoDelay?: boolean; timeout?: number }): WxSocketTask | undefined;
  createLivePusherContext(context?: unknown): any;
  createLivePlayerContext(id: string, context?: unknown): any;
  saveImageToPhotosAlbum?(options: WxOptions & { filePath: string }): void;
  getRandomValues?(options: WxOptions & { length: number }): any;
  getUserCryptoManager?(): { getRandomValues?(options: WxOptions & { length: number }): any };
  getSystemInfoSync?(): { platform?: string; system?: string; version?: string; SDKVersion?: string; language?: string };
  showToast?(options: WxOptions & { title: string; icon?: string }): void;
  setKeepScreenOn?(options: WxOptions & { keepScreenOn: boolean }): void;
  env?: { USER_DATA_PATH?: string };
  getFileSystemManager?(): { writeFile(options: WxOptions & { filePath: string; data: ArrayBuffer }): void };
  createInnerAudioContext?(): any;
  getStorageSync?(key: string): unknown;
  setStorageSync?(key: string, value: string): void;
  onAppShow?(run: () => void): void;
  onAppHide?(run: () => void): void;
  onNetworkStatusChange?(run: (state: { isConnected?: boolean }) => void): void;
}

declare const wx: Wx;
/** The stack of pages, the visible one last. */
declare const getCurrentPages: (() => unknown[]) | undefined;
/** Registers a component. */
declare const Component: ((definition: object) => void) | undefined;
