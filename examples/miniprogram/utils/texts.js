// Words of the pages in two languages; the phone's language decides.
const zh = {
  title: '会通示例', name: '名字', room: '房间', server: '服务器', change: '更改', 
  roomDemo: '视频房间', roomDemoAbout: '多人音视频，最多九宫格', voiceDemo: '语音房', voiceDemoAbout: '只用麦克风，席位随音量起伏', voiceOver: '已离开语音房：',
  liveDemo: '直播间', liveDemoAbout: '主播推流，观众观看，可上下麦', checkDemo: '设备检测', checkDemoAbout: '摄像头、麦克风、网络与服务器',
  callDemo: '通话', callDemoAbout: '呼叫联系人，来电响铃，一对一或多人', callReady: '在线，可以接听来电', contacts: '联系人', contactName: '对方的名字',
  noContacts: '还没有联系人。填写对方的名字添加。', online: '在线', offline: '不在线', remove: '删除', voice: '语音', video: '视频', chosen: '已选',
  callFrom: '来电：', callRejected: '对方已拒绝：', callBusy: '对方忙线中：', callUnreached: '对方不在线：', callTimeout: '无人接听',
  callCancelled: '通话已取消：', callEnded: '通话结束，时长 ', callElsewhere: '已在其他设备登录',
  conferenceDemo: '会议', conferenceDemoAbout: '密码、邀请、角色、举手、移出与静音', conferenceName: '会议名', password: '密码', noPassword: '可不填',
  onlyWatch: '只观看', liveType: '直播类型', enterConference: '创建或加入', conferenceHint: '会议不存在时会自动创建，创建者是管理员。类型只在创建时有效。',
  needRoomName: '请填写会议名', roles: { 7: '管理员', 3: '主播', 1: '观众' }, asks: '申请发言', allow: '同意', decline: '拒绝', raiseHand: '举手',
  handDeclined: '管理员没有同意', mutedByAdmin: '管理员已将你静音', noCameraPlace: '摄像头已满，只发送声音', people: '成员', invite: '邀请', inviteTo: '邀请你参加会议：',
  aloneInConference: '还没有别人。点“邀请”把会议发给他们。', makeAdmin: '设为管理员', makeTalker: '设为主播', makeAudience: '设为观众', muteMember: '静音', unmuteMember: '取消静音',
  kick: '移出会议', endForAll: '结束会议',
  exits: { 0: '', 1: '没有应答', 2: '被移出或被拒绝', 3: '对方忙', 4: '失败', 5: '不支持', 10: '已在其他设备加入', 11: '会议已结束' },
  mic: '麦克风', camera: '摄像头', flip: '翻转', speaker: '扬声器', ear: '听筒', leave: '离开', mute: '静音', raise: '上麦', lower: '下麦',
  me: '我', alone: '还没有别人。把房间号告诉他们。', connecting: '正在连接…', reconnecting: '网络中断，正在重连…', members: '人',
  dissolved: '房间已解散或你已被移出。', permission: '没有摄像头或麦克风权限', openSetting: '去设置',
  needName: '请填写名字', needRoom: '房间号是 1 到 4294967295 的数字', failed: '失败：', noServer: '连不上服务器：', screen: '的屏幕',
  ownApp: '此服务器有自己的应用：请在 utils/credentials.js 中填写由后端签发 UserSig 的地址。', anchor: '主播', anchors: '主播', audience: '观众', 
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
  conferenceDemo: 'Conference', conferenceDemoAbout: 'Password, invitation, roles, raised hands, removing and muting', conferenceName: 'Name', password: 'Password', noPassword: 'optional',
  onlyWatch: 'Only watch', liveType: 'Live', enterConference: 'Create or join', conferenceHint: 'A conference that does not exist is created, and whoever creates it is its admin. Its kind counts only then.',
  needRoomName: 'Enter the name of the conference', roles: { 7: 'Admin', 3: 'Talker', 1: 'Audience' }, asks: 'asks to talk', allow: 'Allow', decline: 'Decline', raiseHand: 'Hand',
  handDeclined: 'The admin said no', mutedByAdmin: 'An admin has muted you', noCameraPlace: 'No more cameras may be on: only your sound is sent', people: 'People', invite: 'Invite', inviteTo: 'Join the conference ',
  aloneInConference: 'Nobody else is here yet. Tap Invite to send it to them.', makeAdmin: 'Make admin', makeTalker: 'Make talker', makeAudience: 'Make audience', muteMember: 'Mute', unmuteMember: 'Unmute',
  kick: 'Remove', endForAll: 'End for everybody',
  exits: { 0: '', 1: 'No answer', 2: 'Removed, or refused', 3: 'Busy', 4: 'Failed', 5: 'Not supported', 10: 'Joined on another device', 11: 'The conference is over' },
  mic: 'Mic', camera: 'Camera', flip: 'Flip', speaker: 'Speaker', ear: 'Ear', leave: 'Leave', mute: 'Mute', raise: 'Go live', lower: 'Step down',
  me: 'Me', alone: 'Nobody else is here yet. Tell them the number of the room.', connecting: 'Connecting…', reconnecting: 'The network is lost; connecting again…', members: 'here',
  dissolved: 'The room was closed, or you were removed.', permission: 'No permission for camera or microphone', openSetting: 'Settings',
  needName: 'Enter a name', needRoom: 'A room is a number from 1 to 4294967295', failed: 'Failed: ', noServer: 'The server cannot be reached: ', screen: '’s screen',
  ownApp: 'This server has an application of its own: set the address of the back-end that mints UserSigs in utils/credentials.js.', anchor: 'Anchor', anchors: 'Anchors:', audience: 'Audience', 
  noAnchor: 'No anchor is here yet.', preview: 'Local preview', level: 'Level', network: 'Network', version: 'Base library', reachable: 'reachable', unreachable: 'not reachable', log: 'Log', clear: 'Clear',
  cameraFailed: 'The camera cannot be opened', micFailed: 'The microphone cannot be opened', quality: ['', 'excellent', 'good', 'fair', 'bad', 'very bad', 'down'],
}

/** The words in the language of the phone. */
function texts() {
  const { language } = wx.getAppBaseInfo ? wx.getAppBaseInfo() : wx.getSystemInfoSync()
  return /^zh/i.test(language || 'zh') ? zh : en
}

module.exports = { texts, zh, en }
