export { TRTC as default } from './trtc.js';
