//! The server under test.

use crate::house::HouseAddresses;
use crate::orders::Worker;
use huitong_types::Scene;

/// A running server.
pub(crate) struct Server {
    worker: Worker,
    addresses: HouseAddresses,
}

/// Addresses of one stream.
pub(crate) struct StreamUrls {
    /// Where to push.
    pub(crate) push: String,
    /// Where to play RTMP.
    pub(crate) rtmp: String,
    /// Where to play HTTP-FLV.
    pub(crate) flv: String,
}

impl Server {
    /// Starts a server whose rooms have this scene.
    pub(crate) fn start(scene: Scene) -> Result<Self, String> {
        let scene = if scene == Scene::Rtc { "rtc" } else { "live" };
        let mut worker = Worker::start(&["house", scene])?;
        let addresses = worker.answer()?;
        Ok(Self { worker, addresses })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.worker.pid()
    }

    /// The addresses of the streams of so many members of one room.
    pub(crate) fn streams(&self, count: usize) -> Vec<StreamUrls> {
        let HouseAddresses { rtmp, flv } = &self.addresses;
        let one = |n: usize| {
            let key = format!("bench-0123456789-{n}");
            let url = format!("rtmp://{rtmp}/live/{key}");
            StreamUrls { push: url.clone(), rtmp: url, flv: format!("http://{flv}/flv/{key}.flv") }
        };
        (0..count).map(one).collect()
    }
}
