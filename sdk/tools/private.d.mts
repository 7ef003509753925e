import type { Plugin } from 'esbuild';
export declare const PRIVATE: RegExp;
export declare function privateNames(project: string): Plugin;
export declare function faultsWhenMarked(project: string, edit?: (name: string, text: string) => string): string[];
