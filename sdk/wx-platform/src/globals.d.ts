/** What the runtime shares with others that have types of their own for it. */
declare const console: Record<'log' | 'info' | 'warn' | 'error', (...args: unknown[]) => void>;
declare function setTimeout(run: () => void, ms: number): number;
declare function clearTimeout(timer: number | undefined): void;
