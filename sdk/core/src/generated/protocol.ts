// Written from the Rust types of crates/protocol by `make types`. Do not edit.
/* eslint-disable */

export type UserId = string;
export type DeviceId = string;
export type RecordId = string;
export type StreamKey = string;
export type CallId = string;
export type GroupId = string;
export type ConferenceName = string;
export type AppId = number;

/**
 * The wire form of a room name: exactly one of the two keys.
 */
export type RoomId = { "number": number } | { "text": string };

/**
 * What a room is for; it selects limits and the fan-out strategy.
 */
export type Scene = "rtc" | "live";

/**
 * What a member may do in a [`Scene::Live`] room; in [`Scene::Rtc`] everybody is a publisher.
 */
export type Role = "publisher" | "audience";

/**
 * The two streams that a member can publish.
 */
export type StreamKind = "main" | "aux";

/**
 * Why a member is no longer in a room.
 */
export type LeaveReason = "left" | "timedOut" | "kicked" | "dissolved" | "replaced" | "becameAudience" | "sessionEnded";

/**
 * Why a session ended for good (it cannot be resumed).
 */
export type EndReason = "loggedOut" | "takenOver" | "expired" | "credentialExpired" | "serverShutdown";

/**
 * What a call is made with.
 */
export type CallMedia = "audio" | "video";

/**
 * How it stands with one of a call.
 */
export type ParticipantState = "calling" | "ringing" | "offline" | "connected" | "rejected" | "busy" | "timedOut" | "unreachable" | "left" | "lost" | "kicked" | "cancelled";

/**
 * What a session is in a call.
 */
export type OwnState = "calling" | "ringing" | "connected";

/**
 * Why a call is over for a session, and in the record why it is over for everybody.
 */
export type CallEndReason = "hungUp" | "rejected" | "busy" | "cancelled" | "timedOut" | "unreachable" | "answeredElsewhere" | "refusedElsewhere" | "lost" | "kicked" | "dissolved" | "ended" | "serverShutdown";

/**
 * What a conference is for. The vendor's numbers are 10, 11 and 12.
 */
export type ConferenceKind = "ordinary" | "large" | "live";

/**
 * What a member of a conference may do. Each role may do what those before it may. The vendor's numbers are 1, 3 and 7.
 */
export type ConferenceRole = "audience" | "talker" | "admin";

/**
 * Why a member of a conference is out.
 */
export type ConferenceExit = "left" | "noAnswer" | "removed" | "busy" | "failed" | "notSupported" | "otherDevice" | "closed";

/**
 * Whose fault an error is.
 */
export type Blame = "client" | "server" | "network" | "platform";

/**
 * Whether the same request can succeed later.
 */
export type Retry = "never" | "later" | "afterLogin";

/**
 * A stable error code.
 */
export type ErrorCode = "bad-message" | "unknown-operation" | "unsupported-version" | "frame-too-long" | "wrong-sequence" | "not-logged-in" | "already-logged-in" | "login-timeout" | "rate-limited" | "invalid-field" | "unknown-app" | "bad-credential" | "credential-mismatch" | "credential-for-other" | "credential-expired" | "room-key-required" | "may-not-create" | "may-not-enter" | "may-not-publish" | "may-not-publish-aux" | "room-full" | "publishers-full" | "server-full" | "already-in-room" | "not-in-room" | "scene-mismatch" | "not-found" | "key-in-use" | "unknown-key" | "call-busy" | "call-gone" | "not-your-call" | "not-in-group" | "no-conference" | "conference-over" | "room-taken" | "wrong-password" | "too-many-guesses" | "not-checked" | "ticket-invalid" | "ticket-expired" | "ticket-void" | "talkers-full" | "conference-limit" | "not-admin" | "last-admin" | "nobody-there" | "not-in-conference" | "session-gone" | "taken-over" | "timeout" | "too-slow" | "shutting-down" | "app-suspended" | "app-overdue" | "internal";

/**
 * The session to go on with.
 */
export type Resume = { 
/**
 * `session` of the welcome.
 */
session: string, 
/**
 * `secret` of the welcome.
 */
secret: string, 
/**
 * Sequence number of the last push that the client has handled; 0 if none.
 */
seq: number, };

/**
 * Version, login and resume in one frame, because every round trip costs a phone up to a second.
 */
export type Hello = { 
/**
 * Protocol version the client speaks: 1.
 */
version: number, 
/**
 * The application.
 */
app: AppId, 
/**
 * The user.
 */
user: UserId, 
/**
 * The user's credential: a UserSig. Left out where `authBuffer` is.
 */
sig?: string, 
/**
 * The user's credential for one voice room, as base64 or hexadecimal digits. Left out where `sig` is.
 */
authBuffer?: string, 
/**
 * The voice room that `authBuffer` opens, by its name; the only one that such a session may join.
 */
voiceRoom?: string, 
/**
 * The device; a client that has none is its own device for one session.
 */
device?: DeviceId, 
/**
 * Whether calls ring here. Such a session lives beside the user's other ones and needs a `device`.
 */
calls?: boolean, 
/**
 * Free text for logs: SDK and platform with versions, at most 128 bytes are kept.
 */
client?: string, 
/**
 * Present when the client wants to go on with an earlier session.
 */
resume?: Resume, };

/**
 * Register or update a stream. `audio` and `video` say whether microphone and camera are on: an RTMP
 * publisher keeps its connection when they go off, so only the client knows.
 */
export type Publish = { 
/**
 * Which of the two streams.
 */
stream: StreamKind, 
/**
 * The push key in the media URL, made by the client. Needed the first time and when it changes.
 */
key?: StreamKey, 
/**
 * Whether the microphone is on.
 */
audio: boolean, 
/**
 * Whether the camera (or the screen) is on.
 */
video: boolean, };

/**
 * Enter a room. The room is created if it does not exist.
 */
export type Join = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * What the room is for; must agree with the scene of an existing room.
 */
scene?: Scene, 
/**
 * In a live room, whether to publish or to watch.
 */
role?: Role, 
/**
 * The vendor's PrivateMapKey, where the application demands it.
 */
privateMapKey?: string, 
/**
 * Label that recording callbacks echo.
 */
recordId?: RecordId, 
/**
 * What the page asked for beyond this, in the client's own words: kept for the operator to see.
 */
details?: Record<string, string>, 
/**
 * Streams that the client publishes or is about to, registered in the same step.
 */
publish?: Array<Publish>, 
/**
 * Whether the client plays one stream with the voices of all others; see `mix` of the room's state.
 */
mix?: boolean, };

/**
 * Leave the room, and the conference if it is one.
 */
export type Leave = { 
/**
 * What the members of a conference are told: `left`, `noAnswer`, `busy`, `failed` or `notSupported`; others count as `left`.
 */
reason?: ConferenceExit, };

/**
 * Withdraw a stream; its media connection is closed.
 */
export type Unpublish = { 
/**
 * Which of the two streams.
 */
stream: StreamKind, };

/**
 * Which tracks of a remote stream to receive. Until the first such request a player gets both; with
 * `video` false the server sends no video on the player's connection, with both false it sends nothing.
 */
export type Subscribe = { 
/**
 * Whose stream.
 */
user: UserId, 
/**
 * Which of the two streams.
 */
stream: StreamKind, 
/**
 * Whether to receive audio.
 */
audio: boolean, 
/**
 * Whether to receive video.
 */
video: boolean, };

/**
 * Change the role in a live room, without leaving it.
 */
export type SetRole = { 
/**
 * The new role.
 */
role: Role, 
/**
 * A PrivateMapKey that allows it, where the application demands one.
 */
privateMapKey?: string, };

/**
 * Call somebody, one or several.
 */
export type PlaceCall = { 
/**
 * Who is called, each once and not oneself: 1 to [`limits::CALL_INVITEES`].
 */
invitees: Array<UserId>, 
/**
 * What with.
 */
media: CallMedia, 
/**
 * The group that it is for.
 */
group?: GroupId, 
/**
 * How long it rings, ms; 1000 to [`limits::CALL_RINGING_MOST`].
 */
timeoutMs?: number, 
/**
 * Handed through to those who are called.
 */
data?: string, 
/**
 * By what the client recognises this wish if it has to repeat it.
 */
ref?: string, };

/**
 * Answer a call.
 */
export type Accept = { 
/**
 * The call.
 */
call: CallId, };

/**
 * Refuse a call.
 */
export type Reject = { 
/**
 * The call.
 */
call: CallId, 
/**
 * Whether the user is busy with something that the server does not know of.
 */
busy?: boolean, };

/**
 * Leave a call, cancel it or refuse it.
 */
export type Hangup = { 
/**
 * The call.
 */
call: CallId, };

/**
 * Say of whom one wants to know whether they are online. Replaces what was watched before.
 */
export type Watch = { 
/**
 * The users, at most [`limits::WATCHED_USERS`]; none ends it.
 */
users: Array<UserId>, };

/**
 * Heartbeat.
 */
export type Ping = Record<symbol, never>;

/**
 * The operations. Unknown fields are ignored, so later versions can add some.
 */
export type Request = { "op": "hello" } & Hello | { "op": "join" } & Join | { "op": "leave" } & Leave | { "op": "publish" } & Publish | { "op": "unpublish" } & Unpublish | { "op": "subscribe" } & Subscribe | { "op": "setRole" } & SetRole | { "op": "call" } & PlaceCall | { "op": "accept" } & Accept | { "op": "reject" } & Reject | { "op": "hangup" } & Hangup | { "op": "watch" } & Watch | { "op": "ticket" } & AskTicket | { "op": "look" } & Look | { "op": "enter" } & Enter | { "op": "grant" } & Grant | { "op": "kick" } & Kick | { "op": "mute" } & Mute | { "op": "hand" } & Hand | { "op": "decline" } & Decline | { "op": "attributes" } & Attributes | { "op": "destroy" } & Destroy | { "op": "levels" } | { "op": "ping" } & Ping | { "op": "bye" };

/**
 * Media addresses without the key. A push or play URL is base + `/` + key (for FLV with `.flv` behind).
 */
export type MediaBases = { 
/**
 * `rtmp://host:1935/live`
 */
rtmp: string, 
/**
 * `http://host:8080/flv` or https
 */
flv: string, 
/**
 * `ws://host:8080/flv` or wss
 */
wsFlv: string, 
/**
 * `http://host:8080/whip` or https
 */
whip: string, 
/**
 * `http://host:8080/whep` or https
 */
whep: string, };

/**
 * What became of the wish to resume.
 */
export type Resumed = "new" | "replayed" | "snapshot";

/**
 * The answer to `hello`.
 */
export type Welcome = { 
/**
 * Protocol version spoken from here on.
 */
version: number, 
/**
 * Name and version of the server, for logs.
 */
server: string, 
/**
 * The session, to be given when resuming.
 */
session: string, 
/**
 * Proof that a resuming client owns the session.
 */
secret: string, 
/**
 * What became of the wish to resume.
 */
resumed: Resumed, 
/**
 * Send a `ping` when nothing else was sent for this long, ms.
 */
heartbeatMs: number, 
/**
 * How long the seat is kept after the connection is lost, ms.
 */
seatGraceMs: number, 
/**
 * The server's wall clock, Unix ms.
 */
time: number, 
/**
 * Where media goes.
 */
media: MediaBases, 
/**
 * With [`Resumed::New`]: the `removed` and `conferenceExited` by which the session that the client wanted to resume was put out before
 * it ended, as far as the client has not heard of them.
 */
missed?: Array<Event>, };

/**
 * A remote stream.
 */
export type StreamState = { 
/**
 * Which of the member's streams.
 */
stream: StreamKind, 
/**
 * Carries audio now.
 */
audio: boolean, 
/**
 * Carries video now.
 */
video: boolean, 
/**
 * The key that lets this client play it; stays the same as long as both sessions live.
 */
play: StreamKey, };

/**
 * Another member.
 */
export type MemberInfo = { 
/**
 * Who.
 */
user: UserId, 
/**
 * Connection lost for a while, seat kept.
 */
away: boolean, 
/**
 * Streams that carry audio or video now.
 */
streams: Array<StreamState>, };

/**
 * One stream of sound that carries the voice of everybody but its listener.
 */
export type MixState = { 
/**
 * The key with which the client plays it, valid while it is in the room.
 */
play: StreamKey, };

/**
 * A room as one member sees it: everybody else who may publish, and what they send.
 */
export type RoomState = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * What it is for.
 */
scene: Scene, 
/**
 * One's own role.
 */
role: Role, 
/**
 * The others, in the order they came. In a live room only publishers.
 */
members: Array<MemberInfo>, 
/**
 * Number of audience members (live rooms; 0 otherwise).
 */
audience: number, 
/**
 * The voices of all others in one stream, for those who asked for it when they joined and may receive audio.
 */
mix?: MixState, };

/**
 * The answer to `join`.
 */
export type JoinReply = { 
/**
 * The room as it is now. Later changes come as pushes.
 */
state: RoomState, };

/**
 * One of a call.
 */
export type Participant = { 
/**
 * Who.
 */
user: UserId, 
/**
 * How it stands.
 */
state: ParticipantState, };

/**
 * A call as one session sees it.
 */
export type CallState = { 
/**
 * Its id.
 */
call: CallId, 
/**
 * Who calls. In a call that the back-end made, its first participant, and to that one the second.
 */
caller: UserId, 
/**
 * What with.
 */
media: CallMedia, 
/**
 * Where those who are connected meet.
 */
room: RoomId, 
/**
 * The group that it is for.
 */
group?: GroupId, 
/**
 * What the caller handed through.
 */
data?: string, 
/**
 * Whether the application's back-end made it.
 */
backend?: boolean, 
/**
 * Whether it leads into a room that is there for others as well. The caller only gives its name then: it is `connected` from the
 * beginning, wherever it is.
 */
open?: boolean, 
/**
 * Until ringing ends, ms.
 */
ringingMs: number, 
/**
 * When it was made, Unix ms.
 */
startedMs: number, 
/**
 * When this participant was connected to somebody, Unix ms.
 */
connectedMs?: number, 
/**
 * What this session is in it.
 */
you: OwnState, 
/**
 * The caller, then the invitees in the order given.
 */
participants: Array<Participant>, };

/**
 * The answer to `call` and `accept`.
 */
export type CallReply = { 
/**
 * The call as this session sees it. Later changes come as pushes.
 */
call: CallState, };

/**
 * Whether a user is online: whether a session of it has a connection.
 */
export type Presence = { 
/**
 * Who.
 */
user: UserId, 
/**
 * Whether it can be reached now.
 */
online: boolean, };

/**
 * The answer to `watch`.
 */
export type WatchReply = { 
/**
 * Everybody who is watched, in the order given. Changes come as pushes.
 */
users: Array<Presence>, };

/**
 * The answer to `levels`.
 */
export type LevelsReply = { 
/**
 * Everybody else whose voice is in the mix.
 */
levels: Array<VoiceLevel>, };

/**
 * How loud somebody is.
 */
export type VoiceLevel = { 
/**
 * The member.
 */
user: UserId, 
/**
 * 100 is full scale, and each dB below it takes two away; 0 for what is quieter than that.
 */
level: number, };

/**
 * The answer to `ping`.
 */
export type Pong = { 
/**
 * The server's wall clock, Unix ms.
 */
time: number, };

/**
 * What a successful request answers, by the operation.
 */
export type Done = { "op": "hello" } & Welcome | { "op": "join" } & JoinReply | { "op": "call" } & CallReply | { "op": "accept" } & CallReply | { "op": "watch" } & WatchReply | { "op": "ticket" } & TicketReply | { "op": "look" } & LookReply | { "op": "enter" } & EnterReply | { "op": "grant" } & MembersReply | { "op": "kick" } & MembersReply | { "op": "mute" } & MembersReply | { "op": "decline" } & MembersReply | { "op": "hand" } | { "op": "attributes" } | { "op": "destroy" } | { "op": "levels" } & LevelsReply | { "op": "ping" } & Pong | { "op": "leave" } | { "op": "publish" } | { "op": "unpublish" } | { "op": "subscribe" } | { "op": "setRole" } | { "op": "reject" } | { "op": "hangup" } | { "op": "bye" };

/**
 * Why a request was refused.
 */
export type Failure = { 
/**
 * Stable code, see the error table.
 */
code: ErrorCode, 
/**
 * One sentence in English that says which rule was broken and what to change.
 */
message: string, 
/**
 * Whose fault it is.
 */
blame: Blame, 
/**
 * Whether to try again.
 */
retry: Retry, 
/**
 * The field that broke a rule.
 */
field?: string, };

/**
 * The result of a request.
 */
export type Reply = { "ok": Done } | { "error": Failure };

/**
 * What can happen.
 */
export type Event = { "ev": "memberJoined", 
/**
 * Who, with what they send already.
 */
member: MemberInfo, } | { "ev": "memberLeft", 
/**
 * Who.
 */
user: UserId, 
/**
 * Why.
 */
reason: LeaveReason, } | { "ev": "memberAway", 
/**
 * Who.
 */
user: UserId, 
/**
 * True when lost, false when back.
 */
away: boolean, } | { "ev": "streamChanged", 
/**
 * Whose.
 */
user: UserId, 
/**
 * The stream as it is now.
 */
stream: StreamState, } | { "ev": "publishRefused", 
/**
 * Which of one's own streams.
 */
stream: StreamKind, 
/**
 * Why.
 */
error: Failure, } | { "ev": "audience", 
/**
 * How many.
 */
count: number, } | { "ev": "removed", 
/**
 * Why.
 */
reason: LeaveReason, 
/**
 * A sentence for people.
 */
message: string, } | { "ev": "state", 
/**
 * The room, if any.
 */
room: RoomState | null, 
/**
 * Calls that ring here or in which this session takes part.
 */
calls?: Array<CallState>, 
/**
 * The conference, if this session entered one.
 */
conference?: ConferenceState, } | { "ev": "invited", 
/**
 * The call.
 */
call: CallState, } | { "ev": "callChanged", 
/**
 * The call.
 */
call: CallId, 
/**
 * Who.
 */
user: UserId, 
/**
 * How.
 */
state: ParticipantState, } | { "ev": "callEnded", 
/**
 * The call.
 */
call: CallId, 
/**
 * Why.
 */
reason: CallEndReason, 
/**
 * Who brought it about, if it was one of the call.
 */
by?: UserId, 
/**
 * How long this participant was connected, ms.
 */
durationMs: number, } | { "ev": "presence" } & Presence | { "ev": "conferenceJoined", 
/**
 * Who.
 */
member: ConferenceMember, } | { "ev": "conferenceLeft" } & MemberOut | { "ev": "roleChanged", 
/**
 * Its number.
 */
member: number, 
/**
 * Who.
 */
user: UserId, 
/**
 * The role.
 */
role: ConferenceRole, } | { "ev": "muted", 
/**
 * The sound.
 */
audio: boolean, 
/**
 * The picture.
 */
video: boolean, } | { "ev": "handChanged", 
/**
 * Who.
 */
member: ConferenceMember, 
/**
 * Whether it asks.
 */
up: boolean, } | { "ev": "handDeclined" } | { "ev": "attributesChanged", 
/**
 * How, in this order.
 */
changes: Array<AttributeChange>, 
/**
 * Who changed them, unless it was the back-end.
 */
by?: UserId, } | { "ev": "conferenceExited", 
/**
 * Which.
 */
conference: ConferenceName, 
/**
 * Why.
 */
reason: ConferenceExit, } | { "ev": "sessionEnded", 
/**
 * Why.
 */
reason: EndReason, 
/**
 * A sentence for people.
 */
message: string, } | { "ev": "draining", 
/**
 * Time left, ms.
 */
withinMs: number, };

/**
 * Ask for a ticket: to a known conference by its name, to that of a room, which is created if there is none, or to a new one
 * with a room of its own when neither is given.
 */
export type AskTicket = { 
/**
 * The conference, if it is known.
 */
conference?: ConferenceName, 
/**
 * Its room, if that is known. Not together with `conference`.
 */
room?: RoomId, 
/**
 * How the conference is set up if this request creates it.
 */
settings?: ConferenceSettings, 
/**
 * Its password; that of the new one if this request creates it.
 */
password?: string, 
/**
 * The role that is wished for.
 */
role?: ConferenceRole, };

/**
 * How a conference is set up. What is not said is as vendors document it.
 */
export type ConferenceSettings = { 
/**
 * What it is for.
 */
kind?: ConferenceKind, 
/**
 * The role of those who ask for none: `audience` or `talker`.
 */
defaultRole?: ConferenceRole, 
/**
 * How long it is kept when nobody is in it, ms.
 */
emptyMs?: number, 
/**
 * Each stream is to be recorded.
 */
record?: boolean, 
/**
 * The conference is to be recorded as one picture.
 */
recordMerged?: boolean, 
/**
 * Most talkers, admins among them.
 */
maxTalkers?: number, 
/**
 * Most cameras that are on at a time.
 */
maxVideos?: number, 
/**
 * Most members that only watch.
 */
maxAudience?: number, 
/**
 * Most shared screens.
 */
maxScreens?: number, 
/**
 * Audience may not ask to be made talkers.
 */
noHands?: boolean, };

/**
 * The answer to `ticket`.
 */
export type TicketReply = { 
/**
 * The ticket, for one entry of this user.
 */
ticket: string, 
/**
 * The conference.
 */
conference: ConferenceName, 
/**
 * Its room, in which streams meet.
 */
room: RoomId, 
/**
 * What it is for.
 */
kind: ConferenceKind, 
/**
 * Whether this request created it.
 */
created: boolean, 
/**
 * How long the ticket can be used, ms.
 */
validMs: number, };

/**
 * Look at a conference without entering it.
 */
export type Look = { 
/**
 * Which.
 */
conference: ConferenceName, 
/**
 * Its password.
 */
password?: string, };

/**
 * The answer to `look`.
 */
export type LookReply = { 
/**
 * The conference.
 */
conference: ConferenceName, 
/**
 * Its room.
 */
room: RoomId, 
/**
 * What it is for.
 */
kind: ConferenceKind, 
/**
 * Everybody who is inside.
 */
members: number, 
/**
 * Those of them who only watch.
 */
audience: number, 
/**
 * Those who may talk, in the order in which they came.
 */
talkers: Array<UserId>, };

/**
 * Enter a conference and its room.
 */
export type Enter = { 
/**
 * Which.
 */
conference: ConferenceName, 
/**
 * The ticket.
 */
ticket: string, 
/**
 * The name that is shown to the others, at most 128 bytes.
 */
nick?: string, 
/**
 * Whatever else is shown to the others, at most 1024 bytes.
 */
ext?: string, 
/**
 * Label that recording callbacks echo.
 */
recordId?: RecordId, 
/**
 * What the page asked for beyond this, as in `join`.
 */
details?: Record<string, string>, 
/**
 * Streams that are registered in the same step. One that is refused is told by `publishRefused`.
 */
publish?: Array<Publish>, 
/**
 * Whether this member plays the mix of the room, as in `join`; members of a large conference have it anyway.
 */
mix?: boolean, };

/**
 * The answer to `enter`.
 */
export type EnterReply = { 
/**
 * The conference as it is now. Later changes come as pushes.
 */
conference: ConferenceState, 
/**
 * Its room as it is now.
 */
state: RoomState, };

/**
 * A conference as one member sees it.
 */
export type ConferenceState = { 
/**
 * The conference.
 */
conference: ConferenceName, 
/**
 * What it is for.
 */
kind: ConferenceKind, 
/**
 * Oneself.
 */
you: ConferenceMember, 
/**
 * Whether an admin leaves out one's sound.
 */
noAudio?: boolean, 
/**
 * Whether an admin leaves out one's picture.
 */
noVideo?: boolean, 
/**
 * The others whom one knows of, in the order in which they came: of a live conference the talkers only.
 */
members: Array<ConferenceMember>, 
/**
 * What members wrote down for all to see.
 */
attributes?: Record<string, string>, 
/**
 * For admins: those who ask to be made talkers.
 */
hands?: Array<ConferenceMember>, };

/**
 * A member of a conference.
 */
export type ConferenceMember = { 
/**
 * Number of the stay: who comes again is another member.
 */
member: number, 
/**
 * Who.
 */
user: UserId, 
/**
 * What it may do.
 */
role: ConferenceRole, 
/**
 * The name that it shows.
 */
nick?: string, 
/**
 * Whatever else it shows.
 */
ext?: string, };

/**
 * Change roles. Only for admins.
 */
export type Grant = { 
/**
 * Where. Its creator may do this also from outside.
 */
conference: ConferenceName, 
/**
 * Whose, by user: with `members` 1 to [`limits::CONFERENCE_BATCH`].
 */
users?: Array<UserId>, 
/**
 * Whose, by number.
 */
members?: Array<number>, 
/**
 * The role.
 */
role: ConferenceRole, };

/**
 * Remove members. Only for admins.
 */
export type Kick = { 
/**
 * Where.
 */
conference: ConferenceName, 
/**
 * Whom, by user.
 */
users?: Array<UserId>, 
/**
 * Whom, by number.
 */
members?: Array<number>, };

/**
 * Leave out the sound or the picture of members, or not any more. Only for admins.
 */
export type Mute = { 
/**
 * Where.
 */
conference: ConferenceName, 
/**
 * Whom, by user.
 */
users?: Array<UserId>, 
/**
 * Whom, by number.
 */
members?: Array<number>, 
/**
 * Whether the sound is left out.
 */
audio: boolean, 
/**
 * Whether the picture is left out.
 */
video: boolean, };

/**
 * Ask to be made a talker, or do not ask any more.
 */
export type Hand = { 
/**
 * Whether one asks.
 */
up: boolean, };

/**
 * Answer a raised hand with no. Only for admins.
 */
export type Decline = { 
/**
 * Where.
 */
conference: ConferenceName, 
/**
 * Whose hand.
 */
user: UserId, };

/**
 * Write down something for all members to see. All changes are made, or none.
 */
export type Attributes = { 
/**
 * Where.
 */
conference: ConferenceName, 
/**
 * In this order, 1 to [`limits::CONFERENCE_BATCH`].
 */
changes: Array<AttributeChange>, };

/**
 * One change.
 */
export type AttributeChange = { 
/**
 * Which attribute, 1 to 128 bytes.
 */
key: string, 
/**
 * What it is now; without it the attribute is deleted.
 */
value?: string, };

/**
 * End a conference for everybody. Only for admins.
 */
export type Destroy = { 
/**
 * Which.
 */
conference: ConferenceName, };

/**
 * The answer to `grant`, `kick`, `mute` and `decline`.
 */
export type MembersReply = { 
/**
 * To whom it was done. Who was named and is not inside is not among them.
 */
users: Array<UserId>, };

/**
 * What pushes about a conference say of a member that is out.
 */
export type MemberOut = { 
/**
 * Its number.
 */
member: number, 
/**
 * Who.
 */
user: UserId, 
/**
 * Why. One who became audience of a live conference is still there and only not known any more: that has no reason.
 */
reason?: ConferenceExit, };

/** A request frame. */
export type RequestFrame = { id: number } & Request;

/** A reply frame. */
export type ReplyFrame = { re: number } & Reply;

/** A push frame. */
export type PushFrame = { seq: number } & Event;

/** Anything the server sends. */
export type ServerFrame = ReplyFrame | PushFrame;

export const PROTOCOL_VERSION = 1;
export const SIGNAL_PATH = '/v1/signal';

/** What the vendor APIs show for each error code: [trtc, trtc detail, emedia, gme]. */
export const VENDOR_CODES: { [code: string]: [number, number, number, string] } = {
  'bad-message': [-3301, -3318, -405, 'ERROR_INVALID_PARAMETER'],
  'unknown-operation': [-3301, -3301, -405, 'ERROR_INVALID_PARAMETER'],
  'unsupported-version': [-3301, -3301, -405, 'ERROR_INVALID_PARAMETER'],
  'frame-too-long': [-3301, -3301, -405, 'ERROR_INVALID_PARAMETER'],
  'wrong-sequence': [-3301, -3301, -405, 'ERROR_INVALID_PARAMETER'],
  'not-logged-in': [-3301, -3301, -500, 'ERROR_INVALID_PARAMETER'],
  'already-logged-in': [-3301, -3301, -405, 'ERROR_INVALID_PARAMETER'],
  'login-timeout': [-3301, -3308, -408, 'ERROR_NETWORK_ERROR'],
  'rate-limited': [-3301, -3301, -510, 'ERROR_UNKNOWN'],
  'invalid-field': [-3301, -3318, -405, 'ERROR_INVALID_PARAMETER'],
  'unknown-app': [-100018, -3317, -500, 'ERROR_INVALID_PARAMETER'],
  'bad-credential': [-100018, -3320, -500, 'ERROR_INVALID_PARAMETER'],
  'credential-mismatch': [-100018, -3320, -500, 'ERROR_INVALID_PARAMETER'],
  'credential-for-other': [-100018, -3319, -500, 'ERROR_INVALID_PARAMETER'],
  'credential-expired': [-100018, -3320, -502, 'ERROR_INVALID_PARAMETER'],
  'room-key-required': [-3301, -100006, -500, 'ERROR_INVALID_PARAMETER'],
  'may-not-create': [-3301, -102010, -500, 'ERROR_INVALID_PARAMETER'],
  'may-not-enter': [-3301, -102011, -500, 'ERROR_INVALID_PARAMETER'],
  'may-not-publish': [-3301, -102013, -520, 'ERROR_INVALID_PARAMETER'],
  'may-not-publish-aux': [-3301, -102015, -520, 'ERROR_INVALID_PARAMETER'],
  'room-full': [-3301, -102052, -510, 'ERROR_UNKNOWN'],
  'publishers-full': [-3301, -102052, -523, 'ERROR_UNKNOWN'],
  'server-full': [-3301, -3301, -510, 'ERROR_UNKNOWN'],
  'already-in-room': [-3301, -3301, -507, 'ERROR_INVALID_PARAMETER'],
  'not-in-room': [-3301, -3301, -507, 'ERROR_INVALID_PARAMETER'],
  'scene-mismatch': [-3301, -3301, -508, 'ERROR_INVALID_PARAMETER'],
  'not-found': [-3301, -3301, -508, 'ERROR_INVALID_PARAMETER'],
  'key-in-use': [-3301, -3301, -405, 'ERROR_INVALID_PARAMETER'],
  'unknown-key': [-3301, -3301, -504, 'ERROR_INVALID_PARAMETER'],
  'call-busy': [6017, 6017, -507, 'ERROR_INVALID_PARAMETER'],
  'call-gone': [8010, 8010, -508, 'ERROR_INVALID_PARAMETER'],
  'not-your-call': [8011, 8011, -520, 'ERROR_INVALID_PARAMETER'],
  'not-in-group': [8011, 8011, -520, 'ERROR_INVALID_PARAMETER'],
  'no-conference': [-3301, -3318, -508, 'ERROR_INVALID_PARAMETER'],
  'conference-over': [-3301, -3318, -506, 'ERROR_INVALID_PARAMETER'],
  'room-taken': [-3301, -3318, -405, 'ERROR_INVALID_PARAMETER'],
  'wrong-password': [-3301, -102011, -500, 'ERROR_INVALID_PARAMETER'],
  'too-many-guesses': [-3301, -102011, -510, 'ERROR_UNKNOWN'],
  'not-checked': [-3301, -3301, -408, 'ERROR_UNKNOWN'],
  'ticket-invalid': [-3301, -102011, -500, 'ERROR_INVALID_PARAMETER'],
  'ticket-expired': [-3301, -102011, -502, 'ERROR_INVALID_PARAMETER'],
  'ticket-void': [-3301, -102011, -504, 'ERROR_INVALID_PARAMETER'],
  'talkers-full': [-3301, -102052, -523, 'ERROR_UNKNOWN'],
  'conference-limit': [-3301, -102052, -510, 'ERROR_UNKNOWN'],
  'not-admin': [-3301, -100006, -520, 'ERROR_INVALID_PARAMETER'],
  'last-admin': [-3301, -100006, -520, 'ERROR_INVALID_PARAMETER'],
  'nobody-there': [-3301, -3319, -507, 'ERROR_INVALID_PARAMETER'],
  'not-in-conference': [-3301, -3301, -507, 'ERROR_INVALID_PARAMETER'],
  'session-gone': [-1307, -1307, -501, 'ERROR_NETWORK_ERROR'],
  'taken-over': [-3301, -3301, -506, 'ERROR_UNKNOWN'],
  'timeout': [-3301, -3308, -408, 'ERROR_NETWORK_ERROR'],
  'too-slow': [-1307, -1307, -408, 'ERROR_NETWORK_ERROR'],
  'shutting-down': [-3301, -3301, -506, 'ERROR_NETWORK_ERROR'],
  'app-suspended': [-3301, -100013, -510, 'ERROR_CHARGE_OVERDU'],
  'app-overdue': [-3301, -100013, -510, 'ERROR_CHARGE_OVERDU'],
  'internal': [-3301, -3301, -506, 'ERROR_UNKNOWN'],
};

/** The same for one API, [trtc, trtc detail]: a build carries what it uses. What is not there is as 'internal'. */
export const TRTC_CODES: { internal: [number, number]; [code: string]: [number, number] } = {
  'bad-message': [-3301, -3318],
  'login-timeout': [-3301, -3308],
  'invalid-field': [-3301, -3318],
  'unknown-app': [-100018, -3317],
  'bad-credential': [-100018, -3320],
  'credential-mismatch': [-100018, -3320],
  'credential-for-other': [-100018, -3319],
  'credential-expired': [-100018, -3320],
  'room-key-required': [-3301, -100006],
  'may-not-create': [-3301, -102010],
  'may-not-enter': [-3301, -102011],
  'may-not-publish': [-3301, -102013],
  'may-not-publish-aux': [-3301, -102015],
  'room-full': [-3301, -102052],
  'publishers-full': [-3301, -102052],
  'call-busy': [6017, 6017],
  'call-gone': [8010, 8010],
  'not-your-call': [8011, 8011],
  'not-in-group': [8011, 8011],
  'no-conference': [-3301, -3318],
  'conference-over': [-3301, -3318],
  'room-taken': [-3301, -3318],
  'wrong-password': [-3301, -102011],
  'too-many-guesses': [-3301, -102011],
  'ticket-invalid': [-3301, -102011],
  'ticket-expired': [-3301, -102011],
  'ticket-void': [-3301, -102011],
  'talkers-full': [-3301, -102052],
  'conference-limit': [-3301, -102052],
  'not-admin': [-3301, -100006],
  'last-admin': [-3301, -100006],
  'nobody-there': [-3301, -3319],
  'session-gone': [-1307, -1307],
  'timeout': [-3301, -3308],
  'too-slow': [-1307, -1307],
  'app-suspended': [-3301, -100013],
  'app-overdue': [-3301, -100013],
  'internal': [-3301, -3301],
};

/** The same for one API, emedia: a build carries what it uses. All are there. */
export const EMEDIA_CODES: { internal: number; [code: string]: number } = {
  'bad-message': -405,
  'unknown-operation': -405,
  'unsupported-version': -405,
  'frame-too-long': -405,
  'wrong-sequence': -405,
  'not-logged-in': -500,
  'already-logged-in': -405,
  'login-timeout': -408,
  'rate-limited': -510,
  'invalid-field': -405,
  'unknown-app': -500,
  'bad-credential': -500,
  'credential-mismatch': -500,
  'credential-for-other': -500,
  'credential-expired': -502,
  'room-key-required': -500,
  'may-not-create': -500,
  'may-not-enter': -500,
  'may-not-publish': -520,
  'may-not-publish-aux': -520,
  'room-full': -510,
  'publishers-full': -523,
  'server-full': -510,
  'already-in-room': -507,
  'not-in-room': -507,
  'scene-mismatch': -508,
  'not-found': -508,
  'key-in-use': -405,
  'unknown-key': -504,
  'call-busy': -507,
  'call-gone': -508,
  'not-your-call': -520,
  'not-in-group': -520,
  'no-conference': -508,
  'conference-over': -506,
  'room-taken': -405,
  'wrong-password': -500,
  'too-many-guesses': -510,
  'not-checked': -408,
  'ticket-invalid': -500,
  'ticket-expired': -502,
  'ticket-void': -504,
  'talkers-full': -523,
  'conference-limit': -510,
  'not-admin': -520,
  'last-admin': -520,
  'nobody-there': -507,
  'not-in-conference': -507,
  'session-gone': -501,
  'taken-over': -506,
  'timeout': -408,
  'too-slow': -408,
  'shutting-down': -506,
  'app-suspended': -510,
  'app-overdue': -510,
  'internal': -506,
};

/** The same for one API, gme: a build carries what it uses. What is not there is as 'internal'. */
export const GME_CODES: { internal: string; [code: string]: string } = {
  'bad-message': 'ERROR_INVALID_PARAMETER',
  'unknown-operation': 'ERROR_INVALID_PARAMETER',
  'unsupported-version': 'ERROR_INVALID_PARAMETER',
  'frame-too-long': 'ERROR_INVALID_PARAMETER',
  'wrong-sequence': 'ERROR_INVALID_PARAMETER',
  'not-logged-in': 'ERROR_INVALID_PARAMETER',
  'already-logged-in': 'ERROR_INVALID_PARAMETER',
  'login-timeout': 'ERROR_NETWORK_ERROR',
  'invalid-field': 'ERROR_INVALID_PARAMETER',
  'unknown-app': 'ERROR_INVALID_PARAMETER',
  'bad-credential': 'ERROR_INVALID_PARAMETER',
  'credential-mismatch': 'ERROR_INVALID_PARAMETER',
  'credential-for-other': 'ERROR_INVALID_PARAMETER',
  'credential-expired': 'ERROR_INVALID_PARAMETER',
  'room-key-required': 'ERROR_INVALID_PARAMETER',
  'may-not-create': 'ERROR_INVALID_PARAMETER',
  'may-not-enter': 'ERROR_INVALID_PARAMETER',
  'may-not-publish': 'ERROR_INVALID_PARAMETER',
  'may-not-publish-aux': 'ERROR_INVALID_PARAMETER',
  'already-in-room': 'ERROR_INVALID_PARAMETER',
  'not-in-room': 'ERROR_INVALID_PARAMETER',
  'scene-mismatch': 'ERROR_INVALID_PARAMETER',
  'not-found': 'ERROR_INVALID_PARAMETER',
  'key-in-use': 'ERROR_INVALID_PARAMETER',
  'unknown-key': 'ERROR_INVALID_PARAMETER',
  'call-busy': 'ERROR_INVALID_PARAMETER',
  'call-gone': 'ERROR_INVALID_PARAMETER',
  'not-your-call': 'ERROR_INVALID_PARAMETER',
  'not-in-group': 'ERROR_INVALID_PARAMETER',
  'no-conference': 'ERROR_INVALID_PARAMETER',
  'conference-over': 'ERROR_INVALID_PARAMETER',
  'room-taken': 'ERROR_INVALID_PARAMETER',
  'wrong-password': 'ERROR_INVALID_PARAMETER',
  'ticket-invalid': 'ERROR_INVALID_PARAMETER',
  'ticket-expired': 'ERROR_INVALID_PARAMETER',
  'ticket-void': 'ERROR_INVALID_PARAMETER',
  'not-admin': 'ERROR_INVALID_PARAMETER',
  'last-admin': 'ERROR_INVALID_PARAMETER',
  'nobody-there': 'ERROR_INVALID_PARAMETER',
  'not-in-conference': 'ERROR_INVALID_PARAMETER',
  'session-gone': 'ERROR_NETWORK_ERROR',
  'timeout': 'ERROR_NETWORK_ERROR',
  'too-slow': 'ERROR_NETWORK_ERROR',
  'shutting-down': 'ERROR_NETWORK_ERROR',
  'app-suspended': 'ERROR_CHARGE_OVERDU',
  'app-overdue': 'ERROR_CHARGE_OVERDU',
  'internal': 'ERROR_UNKNOWN',
};

/** Codes with which the server closes a signalling connection. */
export const CLOSE = {
  loginFailed: 4000,
  loginTimeout: 4001,
  sessionEnded: 4002,
  tooSlow: 4003,
  heartbeatTimeout: 4004,
  shuttingDown: 4005,
  protocolError: 4006,
  connectionReplaced: 4007,
} as const;
