//! Pictures and sounds that real programs make and look at.

use crate::peers::{PATIENCE, words};
use crate::webrtc::Browser;
use bytes::Bytes;
use huitong_media::flv::{Demuxer, Tag, TagKind, VideoBody, parse_video_body};
use huitong_media::h264::{AvcConfig, nals};
use huitong_media::rtp::AccessUnit;
use std::process::{Output, Stdio};
use tokio::process::Command;

/// How ffmpeg encodes a picture for phones and browsers, 30 times a second with a keyframe each second.
pub const H264: &str = "-c:v libx264 -profile:v baseline -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 30 \
                        -x264-params sliced-threads=0:scenecut=0";

/// Runs a program to its end.
///
/// # Panics
/// It is not installed, or does not end in time.
pub async fn run(program: &str, args: &[String]) -> Output {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(2 * PATIENCE, command.output()).await;
    output
        .unwrap_or_else(|_| panic!("{program} {args:?} does not end"))
        .unwrap_or_else(|error| panic!("{program} cannot be started (is it installed?): {error}"))
}

/// The FLV tags that ffmpeg makes of these inputs and codecs, without its metadata.
///
/// # Panics
/// ffmpeg is not installed or makes nothing.
pub async fn encode(args: &str) -> Vec<Tag> {
    let all = format!("-hide_banner -loglevel error -nostdin {args} -f flv -flvflags no_duration_filesize -");
    let output = run("ffmpeg", &words(&all)).await;
    let mut demuxer = Demuxer::new();
    demuxer.push(&output.stdout);
    let tags: Vec<_> = std::iter::from_fn(|| demuxer.next_tag().expect("FLV"))
        .filter(|tag| tag.kind != TagKind::Script)
        .collect();
    assert!(!tags.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    tags
}

/// An encoded picture.
#[derive(Debug, Clone)]
pub struct Shot {
    /// Whether it decodes without earlier ones.
    pub key: bool,
    /// NAL units with prefixes of four bytes.
    pub payload: Bytes,
    /// The codec header.
    pub header: AvcConfig,
}

/// The pictures among tags.
///
/// # Panics
/// They are no H.264.
pub fn shots(tags: &[Tag]) -> Vec<Shot> {
    let mut header = None;
    let mut all = Vec::new();
    for tag in tags.iter().filter(|tag| tag.kind == TagKind::Video) {
        match parse_video_body(&tag.body).expect("H.264") {
            VideoBody::Config(record) => header = Some(AvcConfig::parse(&record).expect("a header")),
            VideoBody::Picture { key, nals, .. } => {
                let header = header.clone().expect("a header before pictures");
                all.push(Shot { key, payload: nals, header });
            }
            VideoBody::Nothing => {}
        }
    }
    all
}

/// Sends a picture at a time of the camera's.
pub async fn show(camera: &mut Browser, at_ms: u32, shot: &Shot) {
    camera.send_picture(at_ms, shot.key, shot.payload.clone(), &shot.header).await;
}

/// Pictures as a byte stream with start codes, as decoders read it from a file (H.264, annex B).
///
/// # Panics
/// They are not what a depacketizer gives.
pub fn byte_stream(pictures: &[AccessUnit]) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut unit = |nal: &[u8]| {
        stream.extend_from_slice(&[0, 0, 0, 1]);
        stream.extend_from_slice(nal);
    };
    for picture in pictures {
        if let Some(record) = &picture.header {
            let header = AvcConfig::parse(record).expect("a header");
            header.sps.iter().chain(&header.pps).for_each(|set| unit(set));
        }
        nals(&picture.payload, 4).for_each(|nal| unit(nal.expect("a NAL unit")));
    }
    stream
}
