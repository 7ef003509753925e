//! The sound of one talker, from the fan-out to its mix.

use crate::transcoding::OpusClock;
use huitong_codec::{Input, opus_packet_samples};
use huitong_fanout::{AAC, Fanout, OPUS, PlayGrant, Tap, TapEvent, TapSink, rendition};
use huitong_hub::{Kind, Micros, Packet, PublicationId, Rendition};
use huitong_media::Frame;
use huitong_mixer::RATE;
use huitong_types::Fault;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Packets of one talker that wait for its mix: a second of sound. A thread takes them with each block; when it does not, the
/// oldest are dropped and counted, and the voice goes on with what is new.
const WAITING: usize = 50;

type Packets = VecDeque<Arc<Packet<Frame>>>;

#[derive(Default)]
struct Queue(Mutex<Packets>);

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Packets> {
        // Nothing behind this lock can panic between two states.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TapSink for Queue {
    fn packet(&self, _: PublicationId, packet: &Arc<Packet<Frame>>) -> bool {
        if !matches!(packet.kind, Kind::Audio(_)) {
            return true;
        }
        let mut packets = self.lock();
        let full = packets.len() >= WAITING;
        if full {
            packets.pop_front();
        }
        packets.push_back(Arc::clone(packet));
        !full
    }

    /// The engine says when a voice is out of the mix, and a publisher that comes back continues the timeline.
    fn event(&self, _: PublicationId, _: TapEvent) {}
}

/// See the module.
pub(super) struct Inlet {
    tap: Tap,
    queue: Arc<Queue>,
    /// Empty; kept for its memory.
    taken: Packets,
    /// In which codec the publisher speaks; the fan-out may make others of it for its viewers.
    native: Option<Rendition>,
    /// Number of the codec header that was handed over last.
    header: u32,
    clock: OpusClock,
}

impl Inlet {
    /// From now on everything that a stream brings.
    ///
    /// # Errors
    /// The stream is over.
    pub(super) fn open(fanout: &Fanout, grant: &PlayGrant) -> Result<Self, Fault> {
        let queue = Arc::new(Queue::default());
        let sink: Arc<dyn TapSink> = Arc::clone(&queue) as Arc<dyn TapSink>;
        let (tap, _kept) = fanout.tap(grant, sink, None)?;
        let clock = OpusClock::default();
        Ok(Self { tap, queue, taken: Packets::new(), native: None, header: 0, clock })
    }

    /// Whoever took what came knows nothing of it any more: the codec header is handed over again.
    pub(super) fn forget(&mut self) {
        self.header = 0;
    }

    /// Hands over what has come, and how many samples after `last`.
    pub(super) fn drain(&mut self, last: Micros, mut take: impl FnMut(Input, usize)) {
        let mut packets = std::mem::take(&mut self.taken);
        std::mem::swap(&mut *self.queue.lock(), &mut packets);
        for packet in packets.drain(..) {
            let after = packet.at.saturating_sub(last) * u64::from(RATE) / 1_000_000;
            let after = usize::try_from(after).unwrap_or(usize::MAX);
            let Kind::Audio(of) = packet.kind else { continue };
            if self.native != Some(of) {
                self.native = self.tap.info().audio.map(|audio| rendition(audio.codec));
                if self.native != Some(of) {
                    continue;
                }
            }
            let frame = packet.body();
            let data = frame.payload.clone();
            if of == AAC {
                if let Some((number, header)) = packet.configs.audio(AAC)
                    && std::mem::replace(&mut self.header, *number) != *number
                {
                    take(Input::AacHeader(header.payload.clone()), after);
                }
                take(Input::Aac { ts_ms: packet.ts_ms, data }, after);
            } else if of == OPUS {
                let samples = opus_packet_samples(&data).unwrap_or_default();
                let rtp = self.clock.rtp(packet.ts_ms, samples);
                take(Input::Opus { rtp, ts_ms: packet.ts_ms, data }, after);
            }
        }
        self.taken = packets;
    }
}
