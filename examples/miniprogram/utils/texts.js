// Words of the pages in two languages; the phone's language decides.
const zh = {
  title: '会通示例', name: '名字', room: '房间', server: '服务器', change: '更改', 
  roomDemo: '视频房间', roomDemoAbout: '多人音视频，最多九宫格', voiceDemo: '语音房', voiceDemoAbout: '只用麦克风，席位随音量起伏', voiceOver: '已离开语音房：',
  liveDemo: '直播间', liveDemoAbout: '主播推流，观众观看，可上下麦', checkDemo: '设备检测', checkDemoAbout: '摄像头、麦克风、网络与服务器',
  callDemo: '通话', callDemoAbout: '呼叫联系人，来电响铃，一对一或多人', callReady: '在线，可以接听来电', contacts: '联系人', contactName: '对方的名字',
  noContacts: '还没有联系人。填写对方的名字添加。', online: '在线', offline: '不在线', remove: '删除', voice: '语音', video: '视频', chosen: '已选',
  callFrom: '来电：', callRejected: '对方已拒绝：', callBusy: '对方忙线中：', callUnreached: '对方不在线：', callTimeout: '无人接听',
  callCancelled: '通话已取消：', callEnded: '通话结束，时长 ', callElsewhere: '已在其他设备登录',
  mic: '麦克风', camera: '摄像头', flip: '翻转', speaker: '扬声器', ear: '听筒', leave: '离开', mute: '静音', raise: '上麦', lower: '下麦',
  me: '我', alone: '还没有别人。把房间号告诉他们。', connecting: '正在连接…', reconnecting: '网络中断，正在重连…', members: '人',
  dissolved: '房间已解散或你已被移出。', permission: '没有摄像头或麦克风权限', openSetting: '去设置',
  needName: '请填写名字', needRoom: '房间号是 1 到 4294967295 的数字', failed: '失败：', noServer: '连不上服务器：', screen: '的屏幕',
  ownApp: '此服务器有自己的应用：请在 utils/credentials.js 中填写由后端签发 UserSig 的地址。', anchor: '主播', audience: '观众', 
  noAnchor: '主播还没来。', preview: '本地预览', level: '音量', network: '网络', version: '基础库', reachable: '可用', unreachable: '不可用', log: '日志', clear: '清空',
  cameraFailed: '摄像头打不开', micFailed: '麦克风打不开', quality: ['', '优', '良', '中', '差', '很差', '断开'],
}
const en = {
  title: 'Huitong examples', name: 'Name', room: 'Room', server: 'Server', change: 'Change', 
  roomDemo: 'Video room', roomDemoAbout: 'Sound and picture, a grid of up to nine', voiceDemo: 'Voice room', voiceDemoAbout: 'Microphone only, seats that show who speaks', voiceOver: 'Out of the voice room: ',
  liveDemo: 'Live room', liveDemoAbout: 'Anchors send, an audience watches, roles change', checkDemo: 'Device check', checkDemoAbout: 'Camera, microphone, network and server',
  callDemo: 'Calls', callDemoAbout: 'Call contacts and be called, one to one or in a group', callReady: 'Online: you can be called', contacts: 'Contacts', contactName: 'Name of a contact',
  noContacts: 'Nobody yet. Add somebody by name.', online: 'online', offline: 'offline', remove: 'Remove', voice: 'Voice', video: 'Video', chosen: 'Chosen:',
  callFrom: 'Call from ', callRejected: 'Declined by ', callBusy: 'In another call: ', callUnreached: 'Not online: ', callTimeout: 'Nobody answered',
  callCancelled: 'The call is off: ', callEnded: 'Call ended after ', callElsewhere: 'Logged in on another device',
  mic: 'Mic', camera: 'Camera', flip: 'Flip', speaker: 'Speaker', ear: 'Ear', leave: 'Leave', mute: 'Mute', raise: 'Go live', lower: 'Step down',
  me: 'Me', alone: 'Nobody else is here yet. Tell them the number of the room.', connecting: 'Connecting…', reconnecting: 'The network is lost; connecting again…', members: 'here',
  dissolved: 'The room was closed, or you were removed.', permission: 'No permission for camera or microphone', openSetting: 'Settings',
  needName: 'Enter a name', needRoom: 'A room is a number from 1 to 4294967295', failed: 'Failed: ', noServer: 'The server cannot be reached: ', screen: '’s screen',
  ownApp: 'This server has an application of its own: set the address of the back-end that mints UserSigs in utils/credentials.js.', anchor: 'Anchor', audience: 'Audience', 
  noAnchor: 'No anchor is here yet.', preview: 'Local preview', level: 'Level', network: 'Network', version: 'Base library', reachable: 'reachable', unreachable: 'not reachable', log: 'Log', clear: 'Clear',
  cameraFailed: 'The camera cannot be opened', micFailed: 'The microphone cannot be opened', quality: ['', 'excellent', 'good', 'fair', 'bad', 'very bad', 'down'],
}

/** The words in the language of the phone. */
function texts() {
  const { language } = wx.getAppBaseInfo ? wx.getAppBaseInfo() : wx.getSystemInfoSync()
  return /^zh/i.test(language || 'zh') ? zh : en
}

module.exports = { texts, zh, en }
