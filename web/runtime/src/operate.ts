/** Operations of contexts: outcomes come by `success`, `fail` and `complete`. */

/** What every operation takes. */
export interface Options {
  success?: (result: any) => void;
  fail?: (result: { errMsg: string }) => void;
  complete?: (result: any) => void;
  [more: string]: unknown;
}

/** An operation of a context. */
export type Operation = (options?: Options) => void;

/** Runs an operation and tells its outcome by callbacks, never inside the call. */
export function operate(name: string, run: (options: Options) => unknown): Operation {
  return (options = {}) => {
    void Promise.resolve()
      .then(() => run(options))
      .then(
        (result) => {
          const told = { ...(typeof result === 'object' ? result : {}), errMsg: `${name}:ok` };
          options.success?.(told);
          options.complete?.(told);
        },
        (error: unknown) => {
          const told = { errMsg: `${name}:fail ${error instanceof Error ? error.message : String(error)}` };
          options.fail?.(told);
          options.complete?.(told);
        },
      );
  };
}
