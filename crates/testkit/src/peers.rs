//! Real programs as peers, and waiting for conditions.

use std::future::Future;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// Longest time that a condition may take in tests. Two busy cores need a few seconds to start ffmpeg; ten
/// times that means that it will never come.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// Pause between two looks at a condition.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// Waits until `probe` gives a value.
///
/// # Panics
/// It does not within [`PATIENCE`]; the message says what was waited for.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut probe: impl FnMut() -> F) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = probe().await {
            return value;
        }
        assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain: {what}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// A picture and a sound as a phone sends them.
#[derive(Debug, Clone)]
pub struct Camera {
    /// Picture size, pixels; `None` for sound only.
    pub size: Option<(u32, u32)>,
    /// Tone, Hz; `None` for picture only.
    pub tone: Option<u32>,
    /// Sound sampling rate, Hz.
    pub sample_rate: u32,
    /// Sound channels.
    pub channels: u32,
    /// Seconds until it stops by itself.
    pub seconds: u32,
    /// Pictures per second; a keyframe comes each second.
    pub fps: u32,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            size: Some((180, 320)),
            tone: Some(440),
            sample_rate: 48_000,
            channels: 1,
            seconds: 60,
            fps: 15,
        }
    }
}

/// Starts ffmpeg pushing a camera to an RTMP URL.
///
/// # Panics
/// ffmpeg is not installed.
pub fn push(url: &str, camera: &Camera) -> Child {
    let mut args: Vec<String> = words("-hide_banner -loglevel error -nostdin -re");
    let seconds = camera.seconds;
    if let Some((w, h)) = camera.size {
        args.extend(words(&format!(
            "-f lavfi -i testsrc=size={w}x{h}:rate={}:duration={seconds}",
            camera.fps
        )));
    }
    if let Some(tone) = camera.tone {
        let rate = camera.sample_rate;
        let source = format!("-f lavfi -i sine=frequency={tone}:sample_rate={rate}:duration={seconds}");
        args.extend(words(&source));
    }
    if camera.size.is_some() {
        let gop = camera.fps;
        args.extend(words(
            "-c:v libx264 -profile:v baseline -preset ultrafast -tune zerolatency -pix_fmt yuv420p",
        ));
        args.extend(words(&format!("-g {gop} -b:v 200k")));
    }
    if camera.tone.is_some() {
        args.extend(words(&format!("-c:a aac -b:a 48k -ac {}", camera.channels)));
    }
    args.extend(words("-f flv -flvflags no_duration_filesize"));
    args.push(url.to_owned());
    spawn("ffmpeg", &args)
}

/// What ffprobe found in a stream.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Decoded pictures.
    pub pictures: u64,
    /// Decoded sound frames.
    pub sounds: u64,
    /// The first picture came as a keyframe.
    pub starts_at_keyframe: bool,
    /// Times went backwards in one track.
    pub backwards: u64,
}

/// Plays a URL for some seconds with ffprobe and tells what was decoded.
///
/// # Panics
/// ffprobe is not installed.
pub async fn watch(url: &str, seconds: u32) -> Seen {
    let interval = format!("%+{seconds}");
    let args = [
        "-loglevel",
        "error",
        "-fflags",
        "nobuffer",
        "-analyzeduration",
        "500000",
        "-show_frames",
        "-show_entries",
        "frame=media_type,key_frame,pkt_dts_time",
        "-of",
        "csv=p=0",
        "-read_intervals",
        &interval,
        url,
    ];
    let mut command = Command::new("ffprobe");
    command.args(args).stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    let limit = Duration::from_secs(u64::from(seconds)) + PATIENCE;
    let output = tokio::time::timeout(limit, command.output()).await;
    let output = output.expect("ffprobe ends after its interval").expect("ffprobe is installed");
    summary(&String::from_utf8_lossy(&output.stdout))
}

fn summary(csv: &str) -> Seen {
    let mut seen = Seen::default();
    let mut last = [f64::MIN; 2];
    for line in csv.lines() {
        let mut fields = line.split(',');
        let kind = fields.next().unwrap_or_default();
        let key = fields.next() == Some("1");
        let time: f64 = fields.next().and_then(|t| t.parse().ok()).unwrap_or(f64::MIN);
        let track = usize::from(kind == "audio");
        if kind == "video" {
            seen.starts_at_keyframe |= seen.pictures == 0 && key;
            seen.pictures += 1;
        } else if kind == "audio" {
            seen.sounds += 1;
        }
        if time != f64::MIN {
            seen.backwards += u64::from(time < last[track]);
            last[track] = time;
        }
    }
    seen
}

/// Starts a program whose output is discarded and which dies with its handle.
///
/// # Panics
/// It is not installed.
pub fn spawn(program: &str, args: &[String]) -> Child {
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{program} cannot be started (is it installed?): {error}"))
}

/// Splits at spaces.
pub fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
