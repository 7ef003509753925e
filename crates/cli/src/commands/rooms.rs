//! `huitong rooms`

use super::table::{row, table};
use super::{identity, print};
use crate::api::Api;
use crate::args::Rooms;
use crate::failure::Failure;
use huitong_protocol::api::{RoomDetail, RoomList, StreamDetail};

pub(super) fn run(args: &Rooms) -> Result<(), Failure> {
    let identity = identity(&args.app)?;
    let api = Api::new(&args.server, &identity)?;
    match &args.room {
        None => {
            let list: RoomList = api.get(&["v1", "rooms"])?;
            table(&list_rows(&list))?;
            let shown = list.rooms.len();
            if shown < usize::try_from(list.total).unwrap_or(usize::MAX) {
                print(&format!("({shown} of {} rooms)", list.total))?;
            }
            Ok(())
        }
        Some(room) => table(&detail_rows(&api.get::<RoomDetail>(&["v1", "rooms", room])?)),
    }
}

fn list_rows(list: &RoomList) -> Vec<Vec<String>> {
    let mut rows = vec![row(["ROOM", "SCENE", "MEMBERS", "AUDIENCE", "STREAMS", "AGE"])];
    rows.extend(list.rooms.iter().map(|room| {
        vec![
            room.room.clone(),
            room.scene.clone(),
            room.members.to_string(),
            room.audience.to_string(),
            room.streams.to_string(),
            age(room.age_seconds),
        ]
    }));
    rows
}

fn detail_rows(room: &RoomDetail) -> Vec<Vec<String>> {
    let mut rows =
        vec![row(["USER", "STREAM", "VIDEO", "AUDIO", "FPS", "KBIT/S", "KEYFRAME", "VIEWERS", "SKIPS"])];
    for member in &room.members {
        let user = if member.away { format!("{} (away)", member.user) } else { member.user.clone() };
        if member.streams.is_empty() {
            rows.push(row([&user, "-", "", "", "", "", "", "", ""]));
        }
        rows.extend(member.streams.iter().map(|stream| stream_row(&user, stream)));
    }
    rows
}

fn stream_row(user: &str, stream: &StreamDetail) -> Vec<String> {
    let video = match (stream.video, stream.video_codec.is_empty()) {
        (false, _) => "off".to_owned(),
        (true, true) => "none yet".to_owned(),
        (true, false) => format!("{} {}x{}", stream.video_codec, stream.width, stream.height),
    };
    let audio = match (stream.audio, stream.audio_codec.is_empty()) {
        (false, _) => "off".to_owned(),
        (true, true) => "none yet".to_owned(),
        (true, false) => stream.audio_codec.clone(),
    };
    vec![
        user.to_owned(),
        stream.stream.clone(),
        video,
        audio,
        format!("{:.1}", stream.fps),
        (stream.video_kbps + stream.audio_kbps).to_string(),
        stream.keyframe_age_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms")),
        stream.viewers.to_string(),
        stream.skips.to_string(),
    ]
}

fn age(seconds: u32) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}
