//! Limits that more than one crate needs, each with its reason. Limits that only one crate needs live there.

use std::time::Duration;

/// Longest user id, bytes. Vendor documents say 32; conference back-ends use `org#app_user@domain` names.
pub const USER_ID_BYTES: usize = 128;

/// Longest named room, bytes: the longest of the four vendor APIs (127) rounded up.
pub const ROOM_NAME_BYTES: usize = 128;

/// Longest device id, bytes: room for a UUID with a prefix.
pub const DEVICE_ID_BYTES: usize = 64;

/// Longest recording label, bytes, as the vendor documents it.
pub const RECORD_ID_BYTES: usize = 64;

/// Shortest stream key: 16 characters of base64url are 96 bits, beyond guessing over a network.
pub const STREAM_KEY_MIN_CHARS: usize = 16;

/// Longest stream key: keeps a media URL under [`MEDIA_URL_CHARS`] with a long host name.
pub const STREAM_KEY_MAX_CHARS: usize = 64;

/// Longest media URL that is handed to a `<live-pusher>` or `<live-player>`: long URLs fail on iOS.
pub const MEDIA_URL_CHARS: usize = 128;

/// Longest signalling frame, bytes, both ways from the client's side. A login with a large UserSig has 1 KiB.
pub const SIGNAL_FRAME_BYTES: usize = 64 * 1024;

/// Members of an rtc room, as the vendor documents it.
pub const RTC_MEMBERS: usize = 300;

/// Publishers of any room, as the vendor documents it.
pub const PUBLISHERS: usize = 50;

/// Audience of a live room, as the vendor documents it.
pub const LIVE_AUDIENCE: usize = 100_000;

/// How long a seat outlives its connection. The vendor's cloud clears broken clients after 90 s, so pages
/// expect their seat to survive a call or a tunnel of about that length.
pub const SEAT_GRACE: Duration = Duration::from_secs(90);

/// How long a member may be without connection before the others see it as away: longer than a change from
/// Wi-Fi to mobile takes, shorter than a person waits.
pub const AWAY_AFTER: Duration = Duration::from_secs(10);

/// How long a live room with only audience left goes on, as the vendor documents it.
pub const LIVE_AUDIENCE_ONLY: Duration = Duration::from_secs(600);

/// How long a stream stays announced after its media connection vanished: a phone that changes the network pushes again within
/// that, and viewers wait instead of being told twice.
pub const PUBLISH_GRACE: Duration = Duration::from_secs(10);

/// How long a publish whose key is not registered yet is held. `enterRoom` is synchronous, so a phone may
/// push before its signalling join has arrived; five seconds cover a slow mobile login.
pub const EARLY_PUBLISH_HOLD: Duration = Duration::from_secs(5);

/// How many early publishes are held at once. Each costs one connection; beyond it the oldest is refused.
pub const EARLY_PUBLISH_COUNT: usize = 1024;

/// Longest name of a call, and longest name that a client gives to its request for one, bytes: room for a UUID with a prefix.
pub const CALL_ID_BYTES: usize = 64;

/// Longest group id, bytes: the vendors' chat groups have up to 48, with a prefix of the application.
pub const GROUP_ID_BYTES: usize = 128;

/// Longest text that a caller hands through to those it calls, bytes: a title or the id of an order, not a document.
pub const CALL_DATA_BYTES: usize = 1024;

/// Invitees of one call: with the caller as many as a room has publishers.
pub const CALL_INVITEES: usize = PUBLISHERS - 1;

/// How long a call rings unless its request says otherwise, as the vendor documents it.
pub const CALL_RINGING: Duration = Duration::from_secs(30);

/// The longest that a call may ring: beyond it nobody holds a phone to the ear.
pub const CALL_RINGING_MOST: Duration = Duration::from_secs(120);

/// Users whose presence one session may watch: a contact list, not a directory.
pub const WATCHED_USERS: usize = 200;

/// Members of a group that the back-end creates. A group call has at most [`CALL_INVITEES`] of them.
pub const GROUP_MEMBERS: usize = 2000;

/// Longest name of a conference, bytes: room for a UUID with a prefix.
pub const CONFERENCE_NAME_BYTES: usize = 64;

/// Members that one request about a conference may name: twice as many as may talk.
pub const CONFERENCE_BATCH: usize = 100;

/// Longest ticket, bytes: those of this server have about 100.
pub const TICKET_BYTES: usize = 256;

/// Refused logins with an authBuffer from one address, or for one user, until further ones are not looked at: people
/// behind one address who mistype are fewer, and who tries to enter as somebody else needs eight on average.
pub const VOICE_LOGIN_REFUSALS: u32 = 5;
