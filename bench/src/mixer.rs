//! Mixing: fifty talkers who all talk and all hear a mix of their own, and two hundred who only listen.

use crate::clock::thread_cpu_ns;
use crate::transcode;
use huitong_codec::mix::{ListenerId, MixRoom, Wants};
use huitong_codec::{AudioDecoder, AudioEncoder, Builtin, CodecError, Codecs, Input, Output, Pcm};
use huitong_fanout::{Fanout, FanoutConfig, Made};
use huitong_media::aac::AudioSpecificConfig;
use huitong_media::{Codec, Frame, FrameKind, TrackKind};
use huitong_mixer::VoiceId;
use huitong_types::{Scene, StreamId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Name of this part.
pub(crate) const NAME: &str = "mixing";

/// Members who talk: half of them phones, half of them browsers.
const TALKERS: u64 = 50;

/// Members who only listen, by both codecs alike.
const LISTENERS: u64 = 200;

/// Seconds of the conference.
const SECONDS: u64 = 10;

/// What was measured, in seconds of processor time for a second of the conference.
#[derive(Debug, Clone)]
pub(crate) struct Cost {
    /// All of it.
    whole: f64,
    /// A talker who is heard, and hears nothing.
    heard: f64,
    /// What a talker costs more who hears a mix of its own.
    own: f64,
    /// Somebody who only listens.
    listener: f64,
    /// Decoding and encoding the sound of each talker once, and nothing else.
    codecs: f64,
}

impl Cost {
    /// For people.
    pub(crate) fn sentence(&self) -> String {
        format!(
            "{NAME}: {TALKERS} talkers and {LISTENERS} listeners {:.3} CPU s per second, {:.2} × the talkers' codecs alone; \
             talker {:.2} ms/s heard and {:.2} ms/s for a mix of its own, listener {:.3} ms/s; without sockets",
            self.whole,
            self.whole / self.codecs,
            self.heard * 1e3,
            self.own * 1e3,
            self.listener * 1e3
        )
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({
            "talkers": TALKERS,
            "listeners": LISTENERS,
            "cpu_seconds_per_second": self.whole,
            "talker_heard": self.heard,
            "talker_own_mix": self.own,
            "listener": self.listener,
            "codecs_alone": self.codecs
        })
    }
}

/// Measures; of several rounds the cheapest counts, since other work on the machine only adds.
pub(crate) fn measure(rounds: usize, tell: &dyn Fn(&str)) -> Result<Cost, String> {
    let streams = [transcode::aac(48_000, 1)?, transcode::opus(1).map_err(|e| e.to_string())?];
    let mut best = Cost {
        whole: f64::INFINITY,
        heard: f64::INFINITY,
        own: f64::INFINITY,
        listener: f64::INFINITY,
        codecs: f64::INFINITY,
    };
    let [mut few, mut more, mut all] = [f64::INFINITY; 3];
    let mut one = f64::INFINITY;
    for _ in 0..rounds {
        tell("the codecs alone");
        best.codecs = best.codecs.min(codecs_alone(&streams).map_err(|e| e.to_string())?);
        tell("one talker and two listeners");
        one = one.min(conference(&streams, 1, 2, false)?);
        tell("talkers and two listeners");
        few = few.min(conference(&streams, TALKERS, 2, false)?);
        tell("talkers and all listeners");
        more = more.min(conference(&streams, TALKERS, LISTENERS, false)?);
        tell("talkers who hear, and all listeners");
        all = all.min(conference(&streams, TALKERS, LISTENERS, true)?);
    }
    best.whole = all;
    best.heard = (few - one) / (TALKERS - 1) as f64;
    best.own = (all - more) / TALKERS as f64;
    best.listener = (more - few) / (LISTENERS - 2) as f64;
    Ok(best)
}

/// A stream that is said again and again from somewhere in it, so that talkers do not speak in chorus.
struct Talker<'a> {
    stream: &'a [Input],
    next: usize,
    /// Packets said.
    said: i64,
}

impl Talker<'_> {
    /// What is said until then, in samples.
    fn until(&mut self, now: i64, mut say: impl FnMut(Input)) {
        loop {
            let (at, samples) = match self.stream.get(self.next) {
                Some(Input::Opus { .. }) => (self.said * 960, 960),
                _ => (self.said * 1024, 1024),
            };
            if at + samples > now {
                return;
            }
            match self.stream.get(self.next) {
                Some(Input::Opus { data, .. }) => {
                    say(Input::Opus { rtp: at, ts_ms: at / 48, data: data.clone() });
                }
                Some(Input::Aac { data, .. }) => say(Input::Aac { ts_ms: at / 48, data: data.clone() }),
                _ => {}
            }
            self.said += 1;
            self.next = self.next % (self.stream.len() - 1) + 1;
        }
    }
}

fn frame(output: Output) -> Frame {
    let (codec, kind, ts_ms, payload) = match output {
        Output::AacHeader { ts_ms, data } => (Codec::Aac, FrameKind::Config, ts_ms, data),
        Output::Aac { ts_ms, data } => (Codec::Aac, FrameKind::Audio, ts_ms, data),
        Output::Opus { ts_48k, data, .. } => (Codec::Opus, FrameKind::Audio, ts_48k / 48, data),
    };
    Frame { track: TrackKind::Audio, kind, ts_ms, cts_ms: 0, codec, payload }
}

/// Seconds of processor time for a second of a conference, through the machine and the publications of the server.
fn conference(streams: &[Vec<Input>; 2], talkers: u64, listeners: u64, hear: bool) -> Result<f64, String> {
    let fanout = Fanout::new(FanoutConfig::with_formats(Vec::new())).map_err(|e| e.to_string())?;
    let mut room = MixRoom::default();
    let mut speak = Vec::new();
    for n in 0..talkers {
        let id = VoiceId(n);
        room.add_talker(id);
        let stream = streams.get((n % 2) as usize).ok_or("a stream")?;
        if let Some(header) = stream.first().filter(|input| input.is_header()) {
            room.set_wants(ListenerId(0), Wants::default());
            room.push(id, header.clone(), 0);
        }
        let next = 1 + (n as usize * 131) % (stream.len() - 1);
        speak.push((id, Talker { stream, next, said: 0 }));
    }
    let mut made: BTreeMap<ListenerId, Made> = BTreeMap::new();
    let own = if hear { talkers } else { 0 };
    for n in 0..own + listeners {
        // Those who talk have the number of their voice.
        let (id, voices) =
            if n < own { (ListenerId(n), vec![VoiceId(n)]) } else { (ListenerId(1000 + n), vec![]) };
        room.set_listener(id, voices);
        room.set_wants(id, Wants { aac: n % 2 == 0, opus: n % 2 == 1 });
        made.insert(id, fanout.make(StreamId::new(id.0 + 1), Scene::Rtc).ok_or("no stream")?);
    }
    let start = thread_cpu_ns();
    let mut frames = 0_u64;
    while room.due() <= SECONDS as i64 * 48_000 {
        for (id, talker) in &mut speak {
            talker.until(room.due(), |input| room.push(*id, input, 0));
        }
        room.tick(|to, output| {
            frames += 1;
            if let Some(made) = made.get(&to) {
                made.frame(frame(output));
            }
        });
    }
    let seconds = (thread_cpu_ns() - start) as f64 / 1e9;
    // 47 or 50 frames a second for each; one that makes none measures nothing.
    if frames < (own + listeners) * SECONDS * 45 {
        return Err(format!("only {frames} frames came out"));
    }
    Ok(seconds / SECONDS as f64)
}

/// The same of decoding and encoding every talker's sound once, in its own codec.
fn codecs_alone(streams: &[Vec<Input>; 2]) -> Result<f64, CodecError> {
    let header = AudioSpecificConfig::lc(48_000, 1).build();
    let start = thread_cpu_ns();
    for n in 0..TALKERS {
        let Some(stream) = streams.get((n % 2) as usize) else { continue };
        let (mut decoder, mut encoder): (Box<dyn AudioDecoder>, Box<dyn AudioEncoder>) = if n % 2 == 0 {
            (Builtin.aac_decoder(&header)?, Builtin.aac_encoder(1)?)
        } else {
            (Builtin.opus_decoder()?, Builtin.opus_encoder(1)?)
        };
        let mut pcm = Pcm::new(1);
        let packets = SECONDS as usize * 48_000 / encoder.frame_samples();
        for input in stream.iter().skip(1).cycle().take(packets) {
            let (Input::Aac { data, .. } | Input::Opus { data, .. }) = input else { continue };
            decoder.decode(data, &mut pcm)?;
            pcm.convert(1);
            encoder.encode(&pcm)?;
        }
    }
    Ok((thread_cpu_ns() - start) as f64 / 1e9 / SECONDS as f64)
}
