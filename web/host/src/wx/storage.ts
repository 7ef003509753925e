/** What a project keeps: each has a part of the browser's store of its own. */
import { api } from './call.js';

/** What an application may keep on a phone, KiB. */
const LIMIT_KIB = 10 * 1024;

/** The functions of this file, for the project of that name. */
export function storage(project: string): Record<string, unknown> {
  const prefix = `wx/${project}/`;
  const keys = (): string[] => Array.from({ length: localStorage.length }, (_none, at) => localStorage.key(at) ?? '')
    .filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  const get = (key: string): unknown => {
    const text = localStorage.getItem(prefix + key);
    return text === null ? '' : (JSON.parse(text) as { value: unknown }).value;
  };
  const set = (key: string, value: unknown): void => localStorage.setItem(prefix + key, JSON.stringify({ value }));
  const remove = (key: string): void => localStorage.removeItem(prefix + key);
  const clear = (): void => keys().forEach(remove);
  const info = (): object => {
    const bytes = keys().reduce((sum, key) => sum + (localStorage.getItem(prefix + key)?.length ?? 0), 0);
    return { keys: keys(), currentSize: Math.ceil(bytes / 1024), limitSize: LIMIT_KIB };
  };
  return {
    getStorageSync: get, setStorageSync: set, removeStorageSync: remove, clearStorageSync: clear, getStorageInfoSync: info,
    getStorage: api('getStorage', ({ key }) => {
      if (localStorage.getItem(prefix + String(key)) === null) {
        throw new Error('data not found');
      }
      return { data: get(String(key)) };
    }),
    setStorage: api('setStorage', ({ key, data }) => set(String(key), data)),
    removeStorage: api('removeStorage', ({ key }) => remove(String(key))),
    clearStorage: api('clearStorage', clear),
    getStorageInfo: api('getStorageInfo', info),
  };
}
