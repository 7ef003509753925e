//! The vendors' own signing libraries as token servers: what they mint is accepted, and what we mint has the content
//! that they would have written. Their clocks stand at [`NOW`], so nothing here depends on the time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use huitong_auth::{CredentialError, RoomKeyError, room_key, usersig};
use huitong_types::{AppId, Privileges, Redacted, RoomId, UserId};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const NOW: u64 = 1_700_000_000;
const WEEK: u64 = 604_800;
const SECRET: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const USERS: [&str; 6] = ["xiaojun", "a", "user-1_A", "org#app_bob@easemob.com", "李雷😀", "<b>&\"\\/"];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Library {
    Node,
    Python,
}

impl Library {
    /// Lets the library do the jobs (`tests/credentials/mint.*` lists them), one process for all.
    fn run(self, mut jobs: Vec<Value>) -> Vec<String> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folder = root.join("tests/credentials");
        let (program, script, installed) = match self {
            Self::Node => (PathBuf::from("node"), "mint.cjs", folder.join("node_modules/tls-sig-api-v2")),
            Self::Python => {
                let venv = root.join(".tools/venv");
                (venv.join("bin/python"), "mint.py", venv.join(".installed-credentials.txt"))
            }
        };
        assert!(
            installed.exists(),
            "The vendor's {self:?} library is not installed; run tests/credentials/install.sh first."
        );
        for job in &mut jobs {
            job["app"] = 1_400_000_000.into();
            job["key"] = SECRET.into();
            job["now"] = NOW.into();
        }
        let mut child = Command::new(&program)
            .arg(folder.join(script))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        child.stdin.take().unwrap().write_all(json!(jobs).to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{script} failed; its error is above");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn app() -> AppId {
    AppId::new(1_400_000_000).unwrap()
}

fn secret() -> Redacted<String> {
    Redacted::new(SECRET.to_owned())
}

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn user_sigs_are_accepted(library: Library) {
    let bufs: [Option<&[u8]>; 3] = [None, Some(b"abc"), Some(&[0xff; 200])];
    let cases: Vec<_> = USERS.iter().flat_map(|name| bufs.map(|userbuf| (*name, userbuf))).collect();
    let job = |(name, userbuf): &(&str, Option<&[u8]>)| match userbuf {
        Some(bytes) => {
            json!({"op": "usersig", "user": name, "expire": WEEK, "userbuf": STANDARD.encode(bytes)})
        }
        None => json!({"op": "usersig", "user": name, "expire": WEEK}),
    };
    let sigs = library.run(cases.iter().map(job).collect());
    assert_eq!(sigs.len(), cases.len());
    for ((name, userbuf), sig) in cases.into_iter().zip(sigs) {
        let check = |name: &str, now| usersig::verify(app(), &secret(), &user(name), &sig, now);
        let told = check(name, NOW + WEEK).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((told.issued, told.expires, told.userbuf.as_deref()), (NOW, NOW + WEEK, userbuf));
        assert_eq!(check(name, NOW + WEEK + 1), Err(CredentialError::Expired { seconds_ago: 1 }));
        assert!(matches!(check("somebody", NOW), Err(CredentialError::OtherUser { .. })));
        let wrong = Redacted::new(SECRET.replace('5', "6"));
        let wrong = usersig::verify(app(), &wrong, &user(name), &sig, NOW);
        assert_eq!(wrong, Err(CredentialError::Mismatch { app: app() }));
    }
}

/// The libraries offer no verification, so they unpack what we minted and mint the same themselves.
fn our_user_sigs_have_the_content_of_theirs(library: Library) {
    let mint = |name: &&str| json!({"op": "usersig", "user": name, "expire": WEEK, "userbuf": "AAEC"});
    let theirs = library.run(USERS.iter().map(mint).collect());
    let ours = USERS.map(|name| usersig::mint(app(), &secret(), &user(name), NOW, WEEK, Some(&[0, 1, 2])));
    let both = theirs.into_iter().chain(ours).map(|sig| json!({"op": "read", "sig": sig})).collect();
    let documents: Vec<Value> =
        library.run(both).iter().map(|document| serde_json::from_str(document).unwrap()).collect();
    let (theirs, ours) = documents.split_at(USERS.len());
    assert_eq!(theirs, ours);
    assert_eq!(ours[0]["TLS.identifier"], USERS[0]);
}

#[test]
fn user_sigs_of_the_node_library_are_accepted() {
    user_sigs_are_accepted(Library::Node);
}

#[test]
fn user_sigs_of_the_python_library_are_accepted() {
    user_sigs_are_accepted(Library::Python);
}

#[test]
fn our_user_sigs_have_the_content_that_the_node_library_writes() {
    our_user_sigs_have_the_content_of_theirs(Library::Node);
}

#[test]
fn our_user_sigs_have_the_content_that_the_python_library_writes() {
    our_user_sigs_have_the_content_of_theirs(Library::Python);
}

#[test]
fn room_keys_of_the_node_library_open_their_room() {
    let rooms = [json!(1), json!(10000), json!(4_294_967_295_u32), json!("room-a"), json!("10000")];
    let names = ["xiaojun", "李雷"];
    let cases: Vec<_> = names
        .iter()
        .flat_map(|name| rooms.iter().flat_map(move |room| [255, 42, 1].map(|p| (*name, room, p))))
        .collect();
    let job = |(name, room, bits): &(&str, &Value, u32)| json!({"op": "roomKey", "user": name, "expire": 300, "room": room, "privileges": bits});
    let keys = Library::Node.run(cases.iter().map(job).collect());
    let id = |room: &Value| match room {
        Value::String(name) => RoomId::text(name).unwrap(),
        number => RoomId::number(number.as_u64().unwrap().try_into().unwrap()).unwrap(),
    };
    for ((name, room, bits), key) in cases.into_iter().zip(keys) {
        let enter = |room: &RoomId, now| room_key::verify(app(), &secret(), &user(name), room, &key, now);
        let opened = enter(&id(room), NOW + 300).unwrap_or_else(|error| panic!("{name} {room}: {error}"));
        assert_eq!(opened.privileges, Privileges::from_bits(bits));
        assert_eq!((opened.expires_unix, &opened.room), (NOW + 300, &id(room)));
        assert!(enter(&id(room), NOW + 301).is_err());
        for other in rooms.iter().filter(|other| *other != room) {
            assert!(
                matches!(enter(&id(other), NOW), Err(RoomKeyError::OtherRoom { .. })),
                "{room} opens {other}"
            );
        }
    }
}

#[test]
fn our_room_keys_are_those_of_the_node_library_bit_for_bit() {
    let rooms = [(json!(10000), RoomId::number(10000)), (json!("room-a"), RoomId::text("room-a"))];
    for (room, id) in rooms {
        let job = json!({"op": "roomKey", "user": "xiaojun", "expire": 300, "room": room, "privileges": 42});
        let theirs = Library::Node.run(vec![job]).remove(0);
        let (id, bits) = (id.unwrap(), Privileges::from_bits(42));
        let ours = room_key::mint(app(), &secret(), &user("xiaojun"), &id, bits, NOW, 300);
        let [theirs, ours] = [theirs, ours].map(|key| usersig::read_unverified(&key).unwrap());
        assert_eq!(theirs.userbuf, ours.userbuf);
        assert!(theirs == ours, "the userbuf is the same, something around it is not");
    }
}
