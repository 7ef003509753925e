//! `huitong usage`

use super::identity;
use super::table::{row, table};
use crate::api::Api;
use crate::args::Usage;
use crate::failure::Failure;
use huitong_protocol::api::UsageDays;

pub(super) fn run(args: &Usage) -> Result<(), Failure> {
    let identity = identity(&args.app)?;
    let api = Api::new(&args.server, &identity)?;
    let filters = [
        ("since", &args.since),
        ("until", &args.until),
        ("user", &args.user),
        ("room", &args.room),
        ("of", &args.of),
    ];
    let query: Vec<(&str, &str)> =
        filters.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
    table(&rows(&api.find(&["v1", "usage", "daily"], &query)?))
}

fn rows(usage: &UsageDays) -> Vec<Vec<String>> {
    let mut rows = vec![row(["DAY", "STAYS", "AUDIO MIN", "SD MIN", "HD MIN", "FHD MIN"])];
    rows.extend(usage.days.iter().map(|day| {
        let numbers =
            [day.stays, day.audio_minutes, day.video_sd_minutes, day.video_hd_minutes, day.video_fhd_minutes];
        std::iter::once(day.day.clone()).chain(numbers.map(|number| number.to_string())).collect()
    }));
    rows
}
