/** The texts of voice rooms, in English and Chinese. */

export const VOICE_TEXTS = {
  modeVoice: ['Voice', '语音房'],
  voiceTitle: ['Huitong voice rooms', '会通语音房'],
  voiceTagline: [
    'Only voices: no camera is opened. Phones with a voice-room page enter by the same name.',
    '只有声音，不会打开摄像头。手机上的语音房用同一房间名进入。',
  ],
  voiceRoomHint: ['For example lounge_1', '例如：lounge_1'],
  voiceRoomHelp: ['Letters, digits and underscores. Here digits are a name, too.', '英文字母、数字和下划线。在这里数字也只是名字。'],
  voiceRoomWrong: [
    'A voice room has a name of 1 to 127 letters, digits and underscores.',
    '语音房的名字是 1 到 127 个英文字母、数字和下划线。',
  ],
  enterVoice: ['Enter', '进入'],
  seats: ['Seats', '席位'],
  freeSeat: ['free', '空位'],
  openMic: ['Speak', '上麦'],
  closeMic: ['Close the microphone', '下麦'],
  speakerOff: ['Silence the room', '关闭扬声器'],
  speakerOn: ['Hear the room', '打开扬声器'],
  listening: ['listening', '在听'],
  voiceListenOnly: [
    'This server has no WebRTC, so browsers can listen here, but not speak. Phones can do both.',
    '此服务器未启用 WebRTC：浏览器只能收听，不能说话；手机两者都可以。',
  ],
} as const satisfies Record<string, readonly [string, string]>;
