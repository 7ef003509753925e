//! The binary body inside an authBuffer.

use super::{VoiceRoom, VoiceUser};
use huitong_types::AppId;
use subtle::ConstantTimeEq;

/// The version with a room number, of old signers.
const NUMERIC: u8 = 0;
/// The version with a room name.
const NAMED: u8 = 1;
/// All privileges; version 1 has no others.
const EVERYTHING: u32 = u32::MAX;

/// A body as it was written, before anything in it has been compared.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Body<'a> {
    user: &'a [u8],
    /// The application.
    pub(super) app: u32,
    room: Room<'a>,
    /// The last second in which it is valid, Unix seconds.
    pub(super) expires: u32,
    /// Bits of privileges.
    pub(super) privileges: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum Room<'a> {
    Number(u32),
    Name(&'a [u8]),
}

impl<'a> Body<'a> {
    /// Reads a body; `None` if it is not of the form.
    ///
    /// The fixed values are insisted upon. Were one passed over, the block with it could be spoilt at will, and with it
    /// any bits of the block behind be turned over.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = Reader(bytes);
        let [version] = rest.array()?;
        let user = rest.text()?;
        let app = rest.number()?;
        let number = rest.number()?;
        let expires = rest.number()?;
        let privileges = rest.number()?;
        let account_type = rest.number()?;
        let room = match version {
            NUMERIC => Room::Number(number),
            NAMED if number == 0 && privileges == EVERYTHING => Room::Name(rest.text()?),
            _ => return None,
        };
        let whole = account_type == 0 && rest.0.is_empty();
        whole.then_some(Self { user, app, room, expires, privileges })
    }

    /// Whether it is for `user`. The time does not tell how much of a wrong one is right.
    pub(super) fn names(&self, user: VoiceUser) -> bool {
        same(self.user, &user.to_string())
    }

    /// The user, as it was written.
    pub(super) fn user(&self) -> String {
        String::from_utf8_lossy(self.user).into_owned()
    }

    /// The name of the room; empty for none.
    pub(super) fn room(&self) -> String {
        match self.room {
            Room::Number(0) => String::new(),
            Room::Number(number) => number.to_string(),
            Room::Name(name) => String::from_utf8_lossy(name).into_owned(),
        }
    }

    /// Whether it is for no room at all: a ticket for voice messages.
    pub(super) const fn has_no_room(&self) -> bool {
        matches!(self.room, Room::Number(0) | Room::Name([]))
    }

    /// Whether it is for `room`. A room number of version 0 is the name of a room with these digits.
    pub(super) fn opens(&self, room: &VoiceRoom) -> bool {
        match self.room {
            Room::Number(number) => same(number.to_string().as_bytes(), room.as_str()),
            Room::Name(name) => same(name, room.as_str()),
        }
    }
}

fn same(found: &[u8], expected: &str) -> bool {
    found.ct_eq(expected.as_bytes()).into()
}

/// Writes a body of version 1. An expiry beyond the 32 bits of the field is cut off there.
pub(super) fn encode(app: AppId, user: VoiceUser, room: &VoiceRoom, expires: u64) -> Vec<u8> {
    let expires = u32::try_from(expires).unwrap_or(u32::MAX);
    let mut bytes = vec![NAMED];
    put_text(&mut bytes, &user.to_string());
    for field in [app.get(), 0, expires, EVERYTHING, 0] {
        bytes.extend(field.to_be_bytes());
    }
    put_text(&mut bytes, room.as_str());
    bytes
}

/// Both texts have at most [`super::TEXT_MAX_BYTES`].
fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend(text.as_bytes());
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk()?;
        self.0 = tail;
        Some(*head)
    }

    fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(u16::from_be_bytes(self.array()?));
        let (head, tail) = self.0.split_at_checked(length)?;
        self.0 = tail;
        Some(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn room(name: &str) -> VoiceRoom {
        VoiceRoom::parse(name).unwrap()
    }

    fn named() -> Vec<u8> {
        encode(AppId::new(1_400_000_001).unwrap(), VoiceUser::new(10001), &room("room_123"), 2_100_000_000)
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        assert_eq!(
            named(),
            b"\x01\x00\x0510001\x53\x72\x4e\x01\0\0\0\0\x7d\x2b\x75\x00\xff\xff\xff\xff\0\0\0\0\x00\x08room_123"
        );
    }

    #[test]
    fn a_number_of_version_0_is_a_name_of_digits() {
        let bytes = b"\x00\x00\x0510001\x53\x72\x4e\x01\0\0\x27\x10\x7d\x2b\x75\x00\0\0\0\xff\0\0\0\0";
        let body = Body::decode(bytes).unwrap();
        assert_eq!((body.app, body.expires, body.privileges), (1_400_000_001, 2_100_000_000, 0xff));
        assert!(body.names(VoiceUser::new(10001)) && !body.names(VoiceUser::new(1000)));
        assert!(body.opens(&room("10000")) && !body.opens(&room("010000")) && !body.has_no_room());
    }

    #[test]
    fn no_room_is_neither_a_name_nor_a_number() {
        let mut bytes = named();
        bytes.truncate(bytes.len() - 10);
        assert_eq!(Body::decode(&bytes), None);
        bytes.extend([0, 0]);
        assert!(Body::decode(&bytes).unwrap().has_no_room());
        let zero = b"\x00\x00\x0510001\x53\x72\x4e\x01\0\0\0\0\x7d\x2b\x75\x00\0\0\0\xff\0\0\0\0";
        assert!(Body::decode(zero).unwrap().has_no_room());
    }

    #[test]
    fn every_prefix_every_extension_and_every_other_fixed_value_is_refused() {
        let whole = named();
        for end in 0..whole.len() {
            assert_eq!(Body::decode(&whole[..end]), None, "{end} bytes");
        }
        assert_eq!(Body::decode(&[&whole[..], &[0]].concat()), None);
        for at in [0, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25, 26, 27] {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(Body::decode(&changed), None, "bit {bit} of byte {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(app in 1u32.., user: i64, name in "[A-Za-z0-9_]{1,127}", expires: u32) {
            let user = VoiceUser::new(user);
            let written = encode(AppId::new(app).unwrap(), user, &room(&name), expires.into());
            let read = Body::decode(&written).unwrap();
            prop_assert!(read.names(user) && read.opens(&room(&name)) && !read.has_no_room());
            prop_assert_eq!((read.app, read.expires, read.privileges), (app, expires, u32::MAX));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Body::decode(&bytes);
        }
    }
}
