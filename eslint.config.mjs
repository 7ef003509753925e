import tseslint from 'typescript-eslint';

/** Globals of mini programs, browsers and Node: the core and the SDKs take what they need from a platform. */
const PLATFORM = [
  'wx', 'getApp', 'getCurrentPages', 'Page', 'Component', 'App', 'window', 'document', 'self', 'globalThis', 'global',
  'process', 'Buffer', 'console', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'fetch', 'WebSocket',
  'XMLHttpRequest', 'URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'atob', 'btoa', 'crypto', 'performance',
  'Proxy', 'eval', 'Function', 'queueMicrotask', 'structuredClone', 'localStorage', 'navigator', 'location',
  'history', 'RTCPeerConnection', 'MediaStream', 'AudioContext', 'HTMLElement', 'customElements', 'EventTarget',
];

export default tseslint.config(
  { ignores: ['**/node_modules/**', 'dist/**', '**/generated/**', '**/*.d.ts'] },
  {
    files: ['**/*.ts', '**/*.mjs'],
    extends: [tseslint.configs.strict],
    rules: {
      'max-lines': ['error', 600],
      'max-lines-per-function': ['error', 80],
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
    },
  },
  {
    files: ['sdk/*/src/**/*.ts'],
    ignores: ['sdk/wx-platform/**', 'sdk/web-platform/**', 'sdk/conformance/**'],
    rules: { 'no-restricted-globals': ['error', ...PLATFORM] },
  },
  {
    files: ['sdk/core/src/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: ['@huitong/*'] }] },
  },
  {
    // What is for browsers knows no mini program, and what is below knows nothing of what is above.
    files: ['web/**/*.ts', 'sdk/web-platform/**/*.ts'],
    rules: { 'no-restricted-globals': ['error', 'wx', 'getApp', 'getCurrentPages', 'Page', 'Component', 'App', 'process', 'Buffer'] },
  },
  {
    files: ['web/media/src/**/*.ts', 'sdk/web-platform/src/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: ['@huitong/web-*', '@huitong/wx-*', '@huitong/trtc-wx'] }] },
  },
  {
    files: ['web/runtime/src/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: ['@huitong/web-demo', '@huitong/web-host', '@huitong/wx-*', '@huitong/trtc-wx'] }] },
  },
  { files: ['**/test/**'], rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-non-null-assertion': 'off' } },
);
