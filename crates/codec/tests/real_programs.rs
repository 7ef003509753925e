//! Frames coded by ffmpeg decode here, ours decode in ffmpeg: each side with the other's measuring stick.

mod support;

use bytes::{Bytes, BytesMut};
use huitong_codec::{AacToOpus, AudioDecoder, Input, OpusDecoder, OpusToAac, Output, Pcm, Transcoder};
use huitong_media::flv::{
    AudioBody, Demuxer, TagKind, body_head, body_parts, parse_audio_body, write_file_header, write_tag,
};
use huitong_media::{Codec, Frame, FrameKind, TrackKind};
use opus_pure::{OggOpusReader, OggOpusWriter, OpusHead};
use std::path::Path;
use std::process::Command;
use support::{aac_stream, level, listen, opus_stream, run, snr, tones, wave};

fn ffmpeg(folder: &Path, args: &str) {
    let mut command = Command::new("ffmpeg");
    command.current_dir(folder).args(["-v", "error", "-nostdin", "-y"]).args(args.split_whitespace());
    let output = command.output().expect("ffmpeg is installed by `make test`");
    assert!(output.status.success(), "ffmpeg {args}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "ffmpeg {args}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Samples of one channel that ffmpeg wrote as raw floats.
fn raw(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

/// The audio of an FLV file.
fn flv_audio(path: &Path) -> Vec<Input> {
    let mut demuxer = Demuxer::new();
    demuxer.push(&std::fs::read(path).unwrap());
    let mut inputs = Vec::new();
    while let Some(tag) = demuxer.next_tag().unwrap() {
        if tag.kind != TagKind::Audio {
            continue;
        }
        match parse_audio_body(&tag.body).unwrap() {
            // ffmpeg writes an empty header where it learns the real one from the first frame.
            AudioBody::Config(data) if data.is_empty() => {}
            AudioBody::Config(data) => inputs.push(Input::AacHeader(data)),
            AudioBody::Frame(data) => inputs.push(Input::Aac { ts_ms: i64::from(tag.timestamp_ms), data }),
            AudioBody::Nothing => {}
        }
    }
    inputs
}

/// Writes Opus outputs as an Ogg file.
fn write_ogg(path: &Path, outputs: &[Output], channels: u8) {
    let encoder =
        opus_pure::OpusEncoder::new(48_000, usize::from(channels), opus_pure::Application::Audio).unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = OggOpusWriter::new(file, OpusHead::for_encoder(&encoder, 48_000)).unwrap();
    for output in outputs {
        if let Output::Opus { data, .. } = output {
            writer.write_packet(data).unwrap();
        }
    }
    writer.finish().unwrap();
}

/// Writes AAC outputs as an FLV file.
fn write_flv(path: &Path, outputs: &[Output]) {
    let mut file = BytesMut::new();
    write_file_header(&mut file, false, true);
    for output in outputs {
        let (kind, ts_ms, payload) = match output.clone() {
            Output::AacHeader { ts_ms, data } => (FrameKind::Config, ts_ms, data),
            Output::Aac { ts_ms, data } => (FrameKind::Audio, ts_ms, data),
            Output::Opus { .. } => continue,
        };
        let frame = Frame { track: TrackKind::Audio, kind, ts_ms, cts_ms: 0, codec: Codec::Aac, payload };
        let body = body_parts(&frame, &body_head(&frame)).concat();
        write_tag(&mut file, TagKind::Audio, ts_ms as u32, &[&body]);
    }
    std::fs::write(path, file).unwrap();
}

fn assert_tone(samples: &[f32], hz: f64, amplitude: f64) {
    let found = level(samples, 48_000, hz);
    assert!((found / amplitude - 1.0).abs() < 0.06, "{hz} Hz at {found} instead of {amplitude}");
    assert!(snr(samples, 48_000, hz) > 20.0, "{} dB", snr(samples, 48_000, hz));
}

#[test]
fn aac_of_ffmpeg_becomes_opus_here_and_ffmpeg_plays_it() {
    let folder = tempfile::tempdir().unwrap();
    for (rate, channels) in [(16_000, 1), (44_100, 2), (48_000, 2)] {
        let source = format!("sine=frequency=440:sample_rate={rate}:duration=2");
        ffmpeg(
            folder.path(),
            &format!("-f lavfi -i {source} -af volume=12dB -ac {channels} -c:a aac in.flv"),
        );
        let mut machine = AacToOpus::default();
        let outputs = run(&mut machine, flv_audio(&folder.path().join("in.flv")));
        let counters = machine.counters();
        assert_eq!((counters.damaged, counters.concealed_ms, counters.late), (0, 0, 0), "{rate} Hz");
        write_ogg(&folder.path().join("out.opus"), &outputs, channels);
        // Debian's libopus, the reference decoder.
        ffmpeg(folder.path(), "-c:a libopus -i out.opus -ac 1 -ar 48000 -f f32le out.raw");
        let heard = raw(&folder.path().join("out.raw"));
        // The sine of ffmpeg is an eighth of full scale; 12 dB are a factor of 3.98.
        assert_tone(&heard[24_000..72_000], 440.0, 0.498);
    }
}

#[test]
fn opus_of_ffmpeg_becomes_aac_here_and_ffmpeg_plays_it() {
    let folder = tempfile::tempdir().unwrap();
    for (channels, rate, frame) in [(1, "24k", 20), (2, "96k", 20), (1, "16k", 60), (2, "64k", 10)] {
        let source = "sine=frequency=440:sample_rate=48000:duration=2";
        let coder = format!("-c:a libopus -b:a {rate} -frame_duration {frame} -application voip");
        ffmpeg(
            folder.path(),
            &format!("-f lavfi -i {source} -af volume=12dB -ac {channels} {coder} in.opus"),
        );
        let mut inputs = Vec::new();
        let mut rtp = 0;
        for data in ogg_packets(&folder.path().join("in.opus")) {
            let samples = opus_pure::packet::samples_48k(&data).unwrap() as i64;
            inputs.push(Input::Opus { rtp, ts_ms: rtp / 48, data });
            rtp += samples;
        }
        let mut machine = OpusToAac::default();
        let outputs = run(&mut machine, inputs);
        let counters = machine.counters();
        assert_eq!((counters.damaged, counters.concealed_ms, counters.late), (0, 0, 0), "{channels} {rate}");
        write_flv(&folder.path().join("out.flv"), &outputs);
        ffmpeg(folder.path(), "-i out.flv -ac 1 -ar 48000 -f f32le out.raw");
        assert_tone(&raw(&folder.path().join("out.raw"))[24_000..72_000], 440.0, 0.498);
    }
}

/// Packets of an Ogg file.
fn ogg_packets(path: &Path) -> Vec<Bytes> {
    let mut reader = OggOpusReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut packets = Vec::new();
    while let Some(packet) = reader.read_packet().unwrap() {
        packets.push(Bytes::copy_from_slice(&packet.data));
    }
    packets
}

#[test]
fn copies_of_lost_packets_in_their_successors_are_used() {
    // Browsers send such copies by default. Syllables of a gliding voice, coded as speech by libopus.
    let folder = tempfile::tempdir().unwrap();
    let source = r"aevalsrc=0.4*sin(2*PI*(200+60*mod(t\,0.3))*t)*lt(mod(t\,0.27)\,0.15):s=16000:d=6";
    let coder = "-ar 16000 -c:a libopus -b:a 28k -application voip -fec 1 -packet_loss 25";
    ffmpeg(folder.path(), &format!("-f lavfi -i {source} -ac 1 {coder} in.opus"));
    let packets = ogg_packets(&folder.path().join("in.opus"));
    let decode = |lost: &dyn Fn(usize) -> bool, copies: bool| {
        let mut decoder = OpusDecoder::new(1).unwrap();
        let (mut all, mut pcm) = (Pcm::new(1), Pcm::new(1));
        for (n, packet) in packets.iter().enumerate() {
            if lost(n) {
                let next = packets.get(n + 1).filter(|_| copies);
                assert!(decoder.conceal(960, next.map(|p| &p[..]), &mut pcm));
            } else {
                decoder.decode(packet, &mut pcm).unwrap();
            }
            assert_eq!(pcm.len(), 960);
            all.append(&pcm);
        }
        all
    };
    let whole = decode(&|_| false, false);
    let error = |copies| {
        let some = decode(&|n| n % 7 == 3, copies);
        whole.left().iter().zip(some.left()).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
    };
    let (with, without) = (error(true), error(false));
    println!("error {with} with copies, {without} without");
    assert!(with < without / 2.0, "error {with} with copies, {without} without");
}

#[test]
fn he_aac_of_the_house_codec_decodes_alike_in_ffmpeg() {
    // Debian's ffmpeg cannot encode HE-AAC, but it decodes it: the same frames, heard by both.
    let folder = tempfile::tempdir().unwrap();
    let pcm = wave(48_000, 2, 2.0, tones);
    let options = syom::EncodeOptions::adts().with_bitrate_bps(64_000).with_he(true);
    let planes: Vec<&[f32]> = pcm.planes().map(Vec::as_slice).collect();
    let mut adts = Vec::new();
    let mut encoder = syom::Encoder::new(48_000, 2, &options).unwrap();
    let mut write = |frame: syom::EncodedFrame<'_>| {
        adts.extend_from_slice(frame.au);
        Ok(())
    };
    encoder.feed(&planes, &mut write).unwrap();
    std::fs::write(folder.path().join("he.aac"), adts).unwrap();
    ffmpeg(folder.path(), "-i he.aac -c:a copy -bsf:a aac_adtstoasc he.flv");
    ffmpeg(folder.path(), "-i he.aac -af pan=mono|c0=c1 -ar 48000 -f f32le he.raw");
    let theirs = level(&raw(&folder.path().join("he.raw"))[24_000..72_000], 48_000, 660.0);
    let mut machine = AacToOpus::default();
    let (_, heard) = listen(&run(&mut machine, flv_audio(&folder.path().join("he.flv"))), 2);
    assert_eq!(machine.counters().damaged, 0);
    let right = heard.planes().nth(1).unwrap();
    let ours = level(&right[24_000..72_000], 48_000, 660.0);
    assert!((ours / theirs - 1.0).abs() < 0.1, "{ours} here, {theirs} in ffmpeg");
}

#[test]
fn sound_and_picture_stay_together_in_ffmpeg() {
    // A tone that begins at one second, there and back; ffmpeg says when it begins.
    let folder = tempfile::tempdir().unwrap();
    let burst = |t: f64, _: usize| if t < 1.0 { 0.0 } else { tones(t, 0) };
    let opus = opus_stream(&wave(48_000, 1, 2.0, burst), 0, 0);
    write_flv(&folder.path().join("there.flv"), &run(&mut OpusToAac::default(), opus));
    ffmpeg(folder.path(), "-i there.flv -af aresample=async=1:first_pts=0 -ar 48000 -f f32le there.raw");
    let aac = aac_stream(&wave(48_000, 1, 2.0, burst), 48_000, 0);
    write_ogg(&folder.path().join("back.opus"), &run(&mut AacToOpus::default(), aac), 1);
    ffmpeg(folder.path(), "-c:a libopus -i back.opus -ar 48000 -f f32le back.raw");
    for file in ["there.raw", "back.raw"] {
        let heard = raw(&folder.path().join(file));
        let onset = heard.iter().position(|x| x.abs() > 0.2).expect("the tone") as f64 / 48.0;
        assert!((onset - 1000.0).abs() < 25.0, "{file}: the tone begins at {onset} ms");
    }
}
