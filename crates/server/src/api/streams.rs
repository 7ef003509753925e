//! Figures of the fan-out in the words of the API.

use huitong_fanout::{Fanout, StreamStats};
use huitong_media::{AudioInfo, Codec, VideoInfo};
use huitong_protocol::api::{MemberDetail, StreamDetail};
use huitong_types::StreamId;

/// Adds what the fan-out knows to the members' streams. `ids` has the same nesting as `members`.
pub(super) fn fill(members: &mut [MemberDetail], ids: &[Vec<StreamId>], fanout: &Fanout) {
    for (member, ids) in members.iter_mut().zip(ids) {
        for (stream, id) in member.streams.iter_mut().zip(ids) {
            if let Some(stats) = fanout.stats(*id) {
                apply(stream, &stats);
            }
        }
    }
}

fn apply(stream: &mut StreamDetail, stats: &StreamStats) {
    stream.publishing = stats.publishing;
    stream.fps = (stats.fps * 10.0).round() / 10.0;
    stream.video_kbps = stats.video_kbps;
    stream.audio_kbps = stats.audio_kbps;
    stream.keyframe_age_ms = stats.keyframe_age_ms;
    stream.viewers = stats.viewers;
    stream.skips = stats.skips;
    stream.reconnects = stats.takeovers;
    let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    stream.before_header = count(stats.left_out.before_header);
    stream.before_keyframe = count(stats.left_out.before_key);
    stream.malformed = count(stats.left_out.malformed);
    if let Some(video) = &stats.info.video {
        stream.video_codec = video_codec(video, stats.info.b_frames);
        stream.width = video.width;
        stream.height = video.height;
    }
    if let Some(audio) = &stats.info.audio {
        stream.audio_codec = audio_codec(*audio);
    }
}

fn name(codec: Codec) -> String {
    format!("{codec:?}").to_lowercase()
}

/// For example `h264 high 3.1, b-frames`.
fn video_codec(video: &VideoInfo, b_frames: bool) -> String {
    let profile = match video.profile {
        66 => "baseline".to_owned(),
        77 => "main".to_owned(),
        88 => "extended".to_owned(),
        100 => "high".to_owned(),
        110 => "high-10".to_owned(),
        122 => "high-4:2:2".to_owned(),
        244 => "high-4:4:4".to_owned(),
        other => format!("profile {other}"),
    };
    let note = if b_frames { ", b-frames" } else { "" };
    format!("{} {profile} {}.{}{note}", name(video.codec), video.level / 10, video.level % 10)
}

/// For example `aac 48000 Hz mono`.
fn audio_codec(audio: AudioInfo) -> String {
    let channels = match audio.channels {
        0 => String::new(),
        1 => " mono".to_owned(),
        2 => " stereo".to_owned(),
        n => format!(" {n} channels"),
    };
    format!("{} {} Hz{channels}", name(audio.codec), audio.sample_rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_are_told_as_people_say_them() {
        let video =
            VideoInfo { codec: Codec::H264, width: 640, height: 360, profile: 100, level: 31, fps: None };
        assert_eq!(video_codec(&video, false), "h264 high 3.1");
        assert_eq!(video_codec(&video, true), "h264 high 3.1, b-frames");
        let audio = AudioInfo { codec: Codec::Aac, sample_rate: 48_000, channels: 1 };
        assert_eq!(audio_codec(audio), "aac 48000 Hz mono");
    }
}
