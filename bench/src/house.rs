//! The media half of the server alone: the gateways with an authority that allows everything.

use crate::orders::reply;
use huitong_testkit::house::House;
use huitong_types::Scene;
use serde::{Deserialize, Serialize};

/// Where the gateways listen.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HouseAddresses {
    /// RTMP.
    pub(crate) rtmp: String,
    /// HTTP-FLV.
    pub(crate) flv: String,
}

/// Runs the process: prints its addresses, then serves until it is killed.
pub(crate) fn run(scene: Scene) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        let house = House::start(scene).await;
        reply(&HouseAddresses { rtmp: house.rtmp.to_string(), flv: house.flv.to_string() });
        std::future::pending::<()>().await;
        drop(house);
    });
    Ok(())
}
