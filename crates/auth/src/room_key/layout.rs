//! The binary userbuf inside a PrivateMapKey.

use huitong_types::{AppId, Privileges, RoomId, UserId};

/// The version with a room number.
const NUMERIC: u8 = 0;
/// The version with a room name.
const NAMED: u8 = 1;

/// A userbuf as it was written, before anything in it has been compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Userbuf {
    /// The account as the signer wrote it; see [`Userbuf::names`].
    pub account: Vec<u8>,
    /// The application.
    pub app: u32,
    /// The room.
    pub room: RoomId,
    /// The last second in which the key is valid, Unix seconds.
    pub expires: u32,
    /// Bits of [`Privileges`].
    pub privileges: u32,
}

/// How a userbuf breaks its form, as the end of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserbufError {
    /// A version that no signer writes.
    #[error("has version {0}; 0 (numeric room) and 1 (named room) are known")]
    Version(u8),
    /// It ends inside a field.
    #[error("is cut off")]
    Truncated,
    /// Something follows the last field.
    #[error("has {0} bytes too many at its end")]
    Trailing(usize),
    /// The room is no valid room: number 0, an empty name, or one that is too long or not UTF-8.
    #[error("names no valid room")]
    Room,
}

impl Userbuf {
    /// Reads a userbuf.
    ///
    /// # Errors
    /// How it breaks its form.
    pub fn decode(bytes: &[u8]) -> Result<Self, UserbufError> {
        let mut rest = Reader(bytes);
        let [version] = rest.array()?;
        if !matches!(version, NUMERIC | NAMED) {
            return Err(UserbufError::Version(version));
        }
        let account = rest.text()?.to_vec();
        let app = rest.number()?;
        let number = rest.number()?;
        let expires = rest.number()?;
        let privileges = rest.number()?;
        let _account_type = rest.number()?;
        let room = if version == NAMED {
            std::str::from_utf8(rest.text()?).ok().and_then(|name| RoomId::text(name).ok())
        } else {
            RoomId::number(number).ok()
        };
        if !rest.0.is_empty() {
            return Err(UserbufError::Trailing(rest.0.len()));
        }
        Ok(Self { account, app, room: room.ok_or(UserbufError::Room)?, expires, privileges })
    }

    /// Whether the account is `user`.
    ///
    /// The JavaScript and Java signers write only the low byte of each UTF-16 unit, so a non-ASCII account
    /// arrives mutilated. That form is taken too: the UserSig around it names the user in full. A room has
    /// no such second name, so a mutilated room name is never matched.
    pub fn names(&self, user: &UserId) -> bool {
        let low_bytes = user.as_str().encode_utf16().map(|unit| unit.to_le_bytes()[0]);
        self.account == user.as_str().as_bytes() || low_bytes.eq(self.account.iter().copied())
    }
}

/// Writes a userbuf. An expiry beyond the 32 bits of the field is cut off there.
pub(super) fn encode(
    app: AppId,
    user: &UserId,
    room: &RoomId,
    expires: u64,
    privileges: Privileges,
) -> Vec<u8> {
    let (version, number, name) = match room {
        RoomId::Number(number) => (NUMERIC, *number, None),
        RoomId::Text(name) => (NAMED, 0, Some(name)),
    };
    let expires = u32::try_from(expires).unwrap_or(u32::MAX);
    let mut bytes = vec![version];
    put_text(&mut bytes, user.as_str());
    for field in [app.get(), number, expires, privileges.bits(), 0] {
        bytes.extend(field.to_be_bytes());
    }
    if let Some(name) = name {
        put_text(&mut bytes, name);
    }
    bytes
}

/// Identifiers are far shorter than the 65535 bytes that the length field can say.
fn put_text(bytes: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    bytes.extend(length.to_be_bytes());
    bytes.extend(text.bytes().take(usize::from(length)));
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], UserbufError> {
        let (head, tail) = self.0.split_first_chunk().ok_or(UserbufError::Truncated)?;
        self.0 = tail;
        Ok(*head)
    }

    fn number(&mut self) -> Result<u32, UserbufError> {
        self.array().map(u32::from_be_bytes)
    }

    fn text(&mut self) -> Result<&'a [u8], UserbufError> {
        let length = usize::from(u16::from_be_bytes(self.array()?));
        let (head, tail) = self.0.split_at_checked(length).ok_or(UserbufError::Truncated)?;
        self.0 = tail;
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn user(text: &str) -> UserId {
        UserId::new(text).unwrap()
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let app = AppId::new(1_400_000_000).unwrap();
        let numeric = encode(app, &user("bob"), &RoomId::Number(10000), 1_700_000_300, Privileges::ALL);
        assert_eq!(
            numeric,
            b"\x00\x00\x03bob\x53\x72\x4e\x00\x00\x00\x27\x10\x65\x53\xf2\x2c\0\0\0\xff\0\0\0\0"
        );
        let named = encode(app, &user("bob"), &RoomId::text("a1").unwrap(), 1_700_000_300, Privileges::ENTER);
        assert_eq!(
            named,
            b"\x01\x00\x03bob\x53\x72\x4e\x00\0\0\0\0\x65\x53\xf2\x2c\0\0\0\x02\0\0\0\0\x00\x02a1"
        );
    }

    #[test]
    fn every_prefix_is_cut_off_and_every_extension_too_long() {
        let app = AppId::new(1).unwrap();
        for room in [RoomId::Number(7), RoomId::text("会议室").unwrap()] {
            let mut bytes = encode(app, &user("bob"), &room, 9, Privileges::ALL);
            for end in 0..bytes.len() {
                assert_eq!(Userbuf::decode(&bytes[..end]), Err(UserbufError::Truncated), "{end}");
            }
            bytes.push(0);
            assert_eq!(Userbuf::decode(&bytes), Err(UserbufError::Trailing(1)));
        }
    }

    #[test]
    fn a_room_that_cannot_exist_is_refused() {
        let app = AppId::new(1).unwrap();
        let zero = encode(app, &user("bob"), &RoomId::Number(0), 9, Privileges::ALL);
        assert_eq!(Userbuf::decode(&zero), Err(UserbufError::Room));
        let mut latin = encode(app, &user("bob"), &RoomId::text("x").unwrap(), 9, Privileges::ALL);
        *latin.last_mut().unwrap() = 0xe9;
        assert_eq!(Userbuf::decode(&latin), Err(UserbufError::Room));
        assert_eq!(Userbuf::decode(b"\x02"), Err(UserbufError::Version(2)));
    }

    #[test]
    fn a_non_ascii_account_is_known_in_utf_8_and_as_low_bytes() {
        let app = AppId::new(1).unwrap();
        let mut buf =
            Userbuf::decode(&encode(app, &user("李小"), &RoomId::Number(1), 9, Privileges::ALL)).unwrap();
        assert!(buf.names(&user("李小")));
        buf.account = vec![0x4e, 0x0f];
        assert!(buf.names(&user("李小")));
        assert!(!buf.names(&user("李大")));
        buf.account = vec![0x4e];
        assert!(!buf.names(&user("李小")));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            name in "[a-z]{1,20}|\\PC{1,20}", app in 1u32.., number in 1u32.., text in prop::option::of("[ -~]{1,60}"),
            expires: u32, bits: u32,
        ) {
            prop_assume!(UserId::new(&name).is_ok());
            let room = text.map_or(RoomId::Number(number), |text| RoomId::text(text).unwrap());
            let written = encode(
                AppId::new(app).unwrap(), &user(&name), &room, expires.into(), Privileges::from_bits(bits),
            );
            let read = Userbuf::decode(&written).unwrap();
            prop_assert!(read.names(&user(&name)));
            prop_assert_eq!((read.app, read.room, read.expires, read.privileges), (app, room, expires, bits));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Userbuf::decode(&bytes);
        }
    }
}
