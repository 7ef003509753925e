//! The text of a push before it has a recipient.

use huitong_protocol::Event;
use huitong_types::{ConferenceExit, LeaveReason, StreamId, StreamKey};
use std::sync::Arc;

/// Stands where the play key of the recipient goes. It is a well-formed key, so an event that contains it can be
/// serialised like any other.
pub const PLAY_KEY_HOLE: &str = "________________";

/// How a hole looks in JSON. A text inside a JSON string cannot look like this: its quotes are escaped.
const HOLE_IN_JSON: &str = "\"play\":\"________________\"";

/// The JSON of an event, shared by all who receive it. What differs by recipient (the sequence number and the
/// play keys of streams) is filled in when it is sent, so an event for 100 000 members is held once.
#[derive(Debug, PartialEq)]
pub struct Body {
    /// Pieces of the JSON object without its opening brace; a play key goes between two of them.
    pieces: Vec<Box<str>>,
    streams: Vec<StreamId>,
    /// The event, if by it somebody's decision puts its recipient out of where it was: it is told even when the session is over.
    put_out: Option<Event>,
}

impl Body {
    /// The body of an event whose play keys are all [`PLAY_KEY_HOLE`]; `streams` are the streams to whose keys
    /// they belong, in the order in which they appear. `None` if that does not fit together.
    pub fn new(event: &Event, streams: Vec<StreamId>) -> Option<Arc<Self>> {
        let json = serde_json::to_string(event).ok()?;
        let inner = json.strip_prefix('{')?;
        let pieces: Vec<Box<str>> = inner.split(HOLE_IN_JSON).map(Box::from).collect();
        (pieces.len() == streams.len() + 1)
            .then(|| Arc::new(Self { pieces, streams, put_out: puts_out(event).then(|| event.clone()) }))
    }

    /// The event, if it puts its recipient out of its room or conference for good.
    pub(crate) const fn put_out(&self) -> Option<&Event> {
        self.put_out.as_ref()
    }

    /// Bytes that the body takes, without keys.
    pub fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.len()).sum()
    }

    /// Whether there is no text, which no event has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The push frame for one recipient.
    pub fn render(&self, seq: u64, mut key: impl FnMut(StreamId) -> StreamKey) -> Arc<str> {
        let mut text = format!("{{\"seq\":{seq},");
        let mut streams = self.streams.iter();
        for piece in &self.pieces {
            text.push_str(piece);
            if let Some(stream) = streams.next() {
                text.push_str("\"play\":\"");
                text.push_str(key(*stream).reveal());
                text.push('"');
            }
        }
        Arc::from(text)
    }
}

/// Whether a client that does not hear of this would come back where it is not wanted, or to what is over. Seats that timed out are
/// not among them: nobody meant their members to go.
const fn puts_out(event: &Event) -> bool {
    match event {
        Event::Removed { reason, .. } => {
            use LeaveReason::{Dissolved, Kicked, NoPlace, Replaced};
            matches!(reason, Kicked | NoPlace | Dissolved | Replaced)
        }
        Event::ConferenceExited { reason, .. } => {
            matches!(reason, ConferenceExit::Removed | ConferenceExit::OtherDevice | ConferenceExit::Closed)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use huitong_protocol::{MemberInfo, PushFrame, StreamState};
    use huitong_types::{StreamKind, UserId};

    fn joined(user: &str, key: &str) -> Event {
        let stream = |kind| StreamState {
            stream: kind,
            audio: true,
            video: false,
            play: StreamKey::new(key).unwrap(),
        };
        let streams = vec![stream(StreamKind::Main), stream(StreamKind::Aux)];
        Event::MemberJoined { member: MemberInfo { user: UserId::new(user).unwrap(), away: false, streams } }
    }

    #[test]
    fn a_rendered_body_is_the_event_with_the_keys_of_its_recipient() {
        let event = joined("bob", PLAY_KEY_HOLE);
        let body = Body::new(&event, vec![StreamId::new(1), StreamId::new(1)]).unwrap();
        let text = body.render(7, |_| StreamKey::new("0123456789abcdefghij").unwrap());
        let frame: PushFrame = serde_json::from_str(&text).unwrap();
        assert_eq!((frame.seq, frame.event), (7, joined("bob", "0123456789abcdefghij")));
    }

    #[test]
    fn a_user_whose_name_looks_like_a_hole_breaks_nothing() {
        for name in [PLAY_KEY_HOLE, HOLE_IN_JSON] {
            let body =
                Body::new(&joined(name, PLAY_KEY_HOLE), vec![StreamId::new(1), StreamId::new(2)]).unwrap();
            let text = body.render(1, |_| StreamKey::new("0123456789abcdefghij").unwrap());
            let frame: PushFrame = serde_json::from_str(&text).unwrap();
            assert_eq!(frame.event, joined(name, "0123456789abcdefghij"));
        }
    }

    #[test]
    fn a_wrong_number_of_streams_is_refused() {
        assert!(Body::new(&joined("bob", PLAY_KEY_HOLE), vec![StreamId::new(1)]).is_none());
    }
}
