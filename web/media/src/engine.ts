/** The FLV player library, for browsers. In its own file because it cannot be loaded elsewhere. */
import mpegts from 'mpegts.js';
import type { Engine } from './flv.js';

mpegts.LoggingControl.applyConfig({ enableVerbose: false, enableDebug: false, enableInfo: false, enableWarn: false });

/** See the head of the file. */
export const engine: Engine = mpegts;
