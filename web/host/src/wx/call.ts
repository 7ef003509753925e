/** How functions of `wx` answer: by callbacks, or by a promise where none is given. */

/** Callbacks that every function takes. */
export interface Options {
  success?: (result: any) => void;
  fail?: (error: any) => void;
  complete?: (result: any) => void;
  [more: string]: any;
}

/** A failure with more than a sentence. */
export class Refusal extends Error {
  constructor(message: string, readonly more: Record<string, unknown> = {}) {
    super(message);
  }
}

/** The result as the platform words it. */
export function failure(name: string, error: unknown): { errMsg: string } {
  const more = error instanceof Refusal ? error.more : {};
  return { ...more, errMsg: `${name}:fail ${error instanceof Error ? error.message : String(error)}` };
}

/** A function of `wx` from one that returns, throws or promises. */
export function api(name: string, run: (options: Options) => unknown): (options?: Options) => Promise<any> | undefined {
  return (options = {}) => {
    const done = Promise.resolve().then(() => run(options)).then((result) => ({
      ...(typeof result === 'object' && result !== null ? result : {}), errMsg: `${name}:ok`,
    }));
    const { success, fail, complete } = options;
    if (!success && !fail && !complete) {
      return done.catch((error: unknown) => {
        throw failure(name, error);
      });
    }
    done.then(
      (result) => {
        success?.(result);
        complete?.(result);
      },
      (error: unknown) => {
        const told = failure(name, error);
        fail?.(told);
        complete?.(told);
      },
    ).catch((error: unknown) => console.error(error)); // The page's own callback threw.
    return undefined;
  };
}

/** An event of `wx`: a pair of functions, and the one that tells. */
export class Channel<T> {
  private readonly listeners: ((value: T) => void)[] = [];

  readonly on = (run: (value: T) => void): void => void this.listeners.push(run);

  readonly off = (run?: (value: T) => void): void => {
    if (run) {
      const at = this.listeners.indexOf(run);
      if (at >= 0) {
        this.listeners.splice(at, 1);
      }
    } else {
      this.listeners.length = 0;
    }
  };

  tell(value: T): void {
    for (const listener of this.listeners.slice()) {
      try {
        listener(value);
      } catch (error) {
        console.error(error);
      }
    }
  }
}
