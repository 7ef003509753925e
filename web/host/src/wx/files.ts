/** Files that a page writes for itself, such as a sound that it has made. They live as long as the page of the browser. */
import { api, Refusal } from './call.js';
import type { Options } from './call.js';

/** Where applications may write. */
export const USER_DATA_PATH = 'wxfile://usr';

type Content = string | ArrayBuffer;

/** See the head of the file. */
export class Files {
  private readonly kept = new Map<string, { content: Content; address: string }>();

  /** The address under which a browser finds the file; null if there is none. */
  address(path: string): string | null {
    return this.kept.get(path)?.address ?? null;
  }

  /** `wx.getFileSystemManager()`. */
  manager(): Record<string, unknown> {
    const both = (name: string, run: (options: Options) => object | undefined, names: readonly string[]): Record<string, unknown> => ({
      [name]: api(name, run),
      [`${name}Sync`]: (...values: unknown[]) => {
        const given = run(Object.fromEntries(names.map((key, at) => [key, values[at]])));
        return given && 'data' in given ? given.data : undefined;
      },
    });
    return {
      ...both('writeFile', (options) => this.write(options), ['filePath', 'data', 'encoding']),
      ...both('readFile', (options) => ({ data: this.read(options) }), ['filePath', 'encoding']),
      ...both('access', ({ path }) => void this.find(path), ['path']),
      ...both('unlink', (options) => this.remove(options), ['filePath']),
    };
  }

  private find(path: unknown): { content: Content; address: string } {
    const file = this.kept.get(String(path));
    if (!file) {
      throw new Refusal(`no such file or directory ${String(path)}`, { errno: 1_300_002 });
    }
    return file;
  }

  private write({ filePath, data }: Options): undefined {
    const path = String(filePath);
    if (!path.startsWith(`${USER_DATA_PATH}/`)) {
      throw new Refusal(`permission denied, open ${path}: write below wx.env.USER_DATA_PATH`, { errno: 1_300_013 });
    }
    const content = data instanceof ArrayBuffer ? data.slice(0) : String(data);
    const before = this.kept.get(path);
    if (before) {
      URL.revokeObjectURL(before.address);
    }
    this.kept.set(path, { content, address: URL.createObjectURL(new Blob([content])) });
    return undefined;
  }

  private read({ filePath, encoding }: Options): Content {
    const { content } = this.find(filePath);
    if (encoding) {
      return typeof content === 'string' ? content : new TextDecoder().decode(content);
    }
    return typeof content === 'string' ? (new TextEncoder().encode(content).buffer as ArrayBuffer) : content.slice(0);
  }

  private remove({ filePath }: Options): undefined {
    URL.revokeObjectURL(this.find(filePath).address);
    this.kept.delete(String(filePath));
    return undefined;
  }
}
