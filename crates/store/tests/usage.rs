//! What applications use is kept, added up, and found again.

mod common;

use common::{PATIENCE, app, open};
use huitong_store::{
    Cursor, Inside, QuotaRow, Store, StoreConfig, SumOf, Suspender, UsageDay, UsageFilter, UsageRecord,
    UsageTotals,
};
use huitong_types::AppId;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Some day in 2025.
const DAY: i32 = 20_418;

fn used(ms: u64) -> UsageTotals {
    UsageTotals { room_ms: ms, audio_ms: ms / 2, mic_ms: ms / 3, sd_ms: ms, hd_ms: 2 * ms, fhd_ms: 0 }
}

fn part(stay: &str, day: i32, ms: u64, open: bool) -> UsageRecord {
    let started_ms = u64::try_from(day).unwrap() * 86_400_000;
    UsageRecord {
        app: app(),
        stay: stay.to_owned(),
        day,
        room: "@7".to_owned(),
        user: "alice".to_owned(),
        guests: false,
        started_ms,
        ended_ms: started_ms + ms,
        open,
        totals: used(ms),
    }
}

async fn keep(store: &Store, records: impl IntoIterator<Item = UsageRecord>) {
    let mark = store.mark();
    records.into_iter().for_each(|record| store.usage(record));
    store.kept(mark, PATIENCE).await.unwrap();
}

async fn all(store: &Store) -> Vec<UsageRecord> {
    store.usage_records(UsageFilter::all(app()), 1000, None).await.unwrap().records
}

#[tokio::test]
async fn a_stay_that_grows_is_one_record_and_its_day_has_its_newest_length() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let grown =
        [part("s1", DAY, 60_000, true), part("s1", DAY, 120_000, true), part("s1", DAY, 130_000, false)];
    keep(&store, grown.clone()).await;
    // What comes twice, or late, changes nothing.
    keep(&store, [grown[2].clone(), grown[0].clone()]).await;
    keep(&store, [part("s2", DAY, 1000, false)]).await;
    assert_eq!(all(&store).await, [part("s2", DAY, 1000, false), grown[2].clone()]);
    let mut totals = used(130_000);
    totals.room_ms += 1000;
    totals.audio_ms += 500;
    totals.mic_ms += 333;
    totals.sd_ms += 1000;
    totals.hd_ms += 2000;
    let days = store.usage_days(UsageFilter::all(app())).await.unwrap();
    assert_eq!(days, [UsageDay { app: app(), day: DAY, stays: 2, totals }]);
    let of_alice = UsageFilter { user: Some("alice".to_owned()), ..UsageFilter::all(app()) };
    assert_eq!(store.usage_days(of_alice).await.unwrap(), days, "added up from the stays it is the same");
}

#[tokio::test]
async fn filters_leave_what_they_name() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let mut bob = part("bob", DAY + 1, 1000, false);
    bob.user = "bob".to_owned();
    let mut elsewhere = part("elsewhere", DAY + 2, 1000, false);
    elsewhere.room = "8".to_owned();
    let mut other = part("other", DAY, 1000, false);
    other.app = AppId::new(5).unwrap();
    keep(&store, [part("first", DAY, 1000, false), bob, elsewhere, other]).await;
    let base = UsageFilter::all(app());
    for (filter, wanted) in [
        (base.clone(), vec!["elsewhere", "bob", "first"]),
        (UsageFilter { user: Some("bob".to_owned()), ..base.clone() }, vec!["bob"]),
        (UsageFilter { room: Some("8".to_owned()), ..base.clone() }, vec!["elsewhere"]),
        (UsageFilter { from_day: Some(DAY + 1), ..base.clone() }, vec!["elsewhere", "bob"]),
        (UsageFilter { to_day: Some(DAY + 1), ..base.clone() }, vec!["first"]),
        (UsageFilter { app: AppId::new(5).unwrap(), ..base.clone() }, vec!["other"]),
    ] {
        let page = store.usage_records(filter.clone(), 100, None).await.unwrap();
        let stays: Vec<&str> = page.records.iter().map(|record| record.stay.as_str()).collect();
        assert_eq!(stays, wanted, "{filter:?}");
        let days = store.usage_days(filter).await.unwrap();
        assert_eq!(days.iter().map(|day| day.stays).sum::<u64>(), wanted.len() as u64);
    }
}

#[tokio::test]
async fn pages_follow_each_other_while_stays_grow() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    keep(&store, (0..7).map(|n| part(&format!("s{n}"), DAY + n / 3, 1000, true))).await;
    let (mut seen, mut after): (Vec<String>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = store.usage_records(UsageFilter::all(app()), 2, after).await.unwrap();
        seen.extend(page.records.into_iter().map(|record| record.stay));
        keep(&store, (0..7).map(|n| part(&format!("s{n}"), DAY + n / 3, 2000, false))).await;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["s6", "s5", "s4", "s3", "s2", "s1", "s0"]);
}

#[tokio::test]
async fn what_a_crash_cuts_off_ends_where_it_was_counted_last() {
    let (data, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, _) = open(data.path());
    keep(&store, [part("cut-off", DAY, 60_000, true), part("over", DAY, 5000, false)]).await;
    let mark = store.mark();
    let other = AppId::new(5).unwrap();
    for (app, by, suspended) in [
        (app(), Suspender::BackEnd, true),
        (other, Suspender::BackEnd, true),
        (other, Suspender::Operator, true),
        (other, Suspender::BackEnd, false),
    ] {
        store.suspend(app, by, suspended);
    }
    store.kept(mark, PATIENCE).await.unwrap();
    // What is on the disk while the store is open is what a crash leaves behind.
    for name in ["huitong.db", "huitong.db-wal"] {
        std::fs::copy(data.path().join(name), copy.path().join(name)).unwrap();
    }
    let (after, restored) = open(copy.path());
    assert_eq!(
        (restored.lost_stays, restored.suspended),
        (1, vec![(app(), Suspender::BackEnd), (other, Suspender::Operator)])
    );
    assert_eq!(restored.usage.len(), 1);
    assert_eq!((restored.usage[0].stays, restored.usage[0].totals.room_ms), (2, 65_000));
    let mut wanted = part("cut-off", DAY, 60_000, true);
    wanted.open = false;
    assert_eq!(all(&after).await, [part("over", DAY, 5000, false), wanted]);
}

#[tokio::test]
async fn a_day_that_a_wrong_clock_wrote_hides_no_other_day_from_quotas() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let mut other = part("other", DAY + 9000, 1000, false);
    other.app = AppId::new(5).unwrap();
    keep(&store, (0..60).map(|n| part(&format!("s{n}"), DAY - n, 1000, false))).await;
    keep(&store, [part("future", DAY + 27_000, 1000, false), other]).await;
    store.close(PATIENCE);
    let (_store, restored) = open(data.path());
    let days = |wanted: AppId| -> Vec<i32> {
        restored.usage.iter().filter(|day| day.app == wanted).map(|day| day.day).collect()
    };
    let (own, others) = (days(app()), days(AppId::new(5).unwrap()));
    assert_eq!(others, [DAY + 9000]);
    assert!((DAY - 30..=DAY).all(|day| own.contains(&day)), "the present month is there: {own:?}");
    assert!(own.len() <= 40, "and not all that was ever used");
}

#[tokio::test]
async fn old_stays_are_forgotten_and_the_sums_of_their_days_are_not() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let today = i32::try_from(now.as_secs() / 86_400).unwrap();
    keep(&store, (0..1200).map(|n| part(&format!("old{n}"), today - 40, 1000, false))).await;
    keep(&store, [part("fresh", today - 29, 1000, false)]).await;
    store.close(PATIENCE);
    let config = StoreConfig { data: data.path().to_owned(), keep_call_records_days: 0, keep_usage_days: 30 };
    let (store, _) = Store::open(&config).unwrap();
    let forgotten = async { while all(&store).await.len() > 1 {} };
    tokio::time::timeout(PATIENCE, forgotten).await.expect("the old ones are forgotten");
    assert_eq!(all(&store).await[0].stay, "fresh");
    let days = store.usage_days(UsageFilter::all(app())).await.unwrap();
    assert_eq!(days.iter().map(|day| day.stays).collect::<Vec<_>>(), [1, 1200]);
}

fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

/// Stays of which one was left and the others go on, ended at these times.
fn of_now(ended_ms: u64) -> Vec<UsageRecord> {
    let stay = |name: &str, room: &str, user: &str, open| {
        let mut record = part(name, DAY, 1000, open);
        (record.room, record.user, record.ended_ms) = (room.to_owned(), user.to_owned(), ended_ms);
        record
    };
    vec![
        stay("left", "8", "alice", false),
        stay("first", "@7", "bob", true),
        stay("again", "@7", "bob", true),
        stay("other", "8", "bob", true),
    ]
}

fn bob_in(room: &str) -> Inside {
    Inside { app: app(), room: room.to_owned(), user: "bob".to_owned() }
}

#[tokio::test]
async fn who_is_inside_when_a_server_ends_or_dies_is_known_to_the_next_ones_for_a_while() {
    let (data, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, restored) = open(data.path());
    assert_eq!(restored.inside, []);
    keep(&store, of_now(now_ms())).await;
    for name in ["huitong.db", "huitong.db-wal"] {
        std::fs::copy(data.path().join(name), copy.path().join(name)).unwrap();
    }
    store.close(PATIENCE);
    let inside = [bob_in("8"), bob_in("@7")];
    for (folder, lost) in [(data.path(), 0), (copy.path(), 3)] {
        // A server that dies before anybody has come back leaves the next one the same.
        for lost in [lost, 0] {
            let (after, restored) = open(folder);
            assert_eq!((restored.lost_stays, restored.inside.as_slice()), (lost, inside.as_slice()));
            assert!(all(&after).await.iter().all(|record| !record.open));
            after.close(PATIENCE);
        }
    }
}

#[tokio::test]
async fn who_was_inside_long_ago_is_forgotten_and_so_is_who_was_by_a_wrong_clock() {
    for shift in [-11 * 60_000_i64, 11 * 60_000, 400 * 86_400_000] {
        let data = tempfile::tempdir().unwrap();
        let (store, _) = open(data.path());
        keep(&store, of_now(now_ms().checked_add_signed(shift).unwrap())).await;
        store.close(PATIENCE);
        assert_eq!(open(data.path()).1.inside, [], "{shift}");
    }
}

#[tokio::test]
async fn quotas_of_the_operator_outlive_the_server_until_they_are_taken_back() {
    let data = tempfile::tempdir().unwrap();
    let (store, restored) = open(data.path());
    assert_eq!(restored.quotas, []);
    let other = AppId::new(5).unwrap();
    let much = QuotaRow { video_month: Some(1_000_000_000), ..QuotaRow::default() };
    let nothing = QuotaRow { audio_day: Some(0), ..QuotaRow::default() };
    for (app, quota) in [(app(), Some(nothing)), (app(), Some(much)), (other, Some(QuotaRow::default()))] {
        store.quota(app, quota);
    }
    store.close(PATIENCE);
    let (store, restored) = open(data.path());
    assert_eq!(restored.quotas, [(other, QuotaRow::default()), (app(), much)]);
    store.quota(other, None);
    store.close(PATIENCE);
    assert_eq!(open(data.path()).1.quotas, [(app(), much)]);
}

#[tokio::test]
async fn sums_of_users_and_of_rooms_are_those_of_the_days_page_by_page() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let stays = (0..40).map(|n| {
        let mut record = part(&format!("s{n}"), DAY + n % 3, 1000 + u64::try_from(n).unwrap(), n % 5 == 0);
        (record.user, record.room) = (format!("u{}", n % 7), format!("@{}", n % 4));
        record
    });
    keep(&store, stays).await;
    for filter in
        [UsageFilter::all(app()), UsageFilter { from_day: Some(DAY + 1), ..UsageFilter::all(app()) }]
    {
        let days = store.usage_days(filter.clone()).await.unwrap();
        let wanted: (u64, u64) =
            days.iter().fold((0, 0), |sum, day| (sum.0 + day.stays, sum.1 + day.totals.hd_ms));
        for (of, many) in [(SumOf::Users, 7), (SumOf::Rooms, 4)] {
            let (mut sums, mut after) = (Vec::new(), None);
            loop {
                let page = store.usage_sums(filter.clone(), of, 3, after).await.unwrap();
                assert!(page.sums.len() <= 3);
                sums.extend(page.sums);
                after = sums.last().filter(|_| page.more).map(|sum| sum.name.clone());
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(sums.len(), many);
            assert!(sums.windows(2).all(|pair| pair[0].name < pair[1].name));
            let all = sums.iter().fold((0, 0), |sum, one| (sum.0 + one.stays, sum.1 + one.totals.hd_ms));
            assert_eq!(all, wanted, "{of:?}");
        }
        let of_one = UsageFilter { user: Some("u3".to_owned()), ..filter };
        let rooms = store.usage_sums(of_one.clone(), SumOf::Rooms, 100, None).await.unwrap();
        let days = store.usage_days(of_one).await.unwrap();
        let sum = |all: u64, day: &UsageDay| all + day.totals.room_ms;
        assert_eq!(
            rooms.sums.iter().map(|room| room.totals.room_ms).sum::<u64>(),
            days.iter().fold(0, sum),
            "a user by rooms"
        );
    }
}

#[tokio::test]
async fn what_guests_receive_is_kept_beside_what_members_use() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let guests = |name: &str, ms, open| UsageRecord { guests: true, ..part(name, DAY, ms, open) };
    keep(&store, [part("member", DAY, 1000, false), guests("g1", 60_000, true), guests("g1", 90_000, true)])
        .await;
    let of_guests = UsageFilter { guests: true, ..UsageFilter::all(app()) };
    let of_alice = UsageFilter { user: Some("alice".to_owned()), ..of_guests.clone() };
    assert_eq!(all(&store).await, [part("member", DAY, 1000, false)]);
    for filter in [of_guests.clone(), of_alice] {
        let page = store.usage_records(filter.clone(), 100, None).await.unwrap();
        assert_eq!(page.records, [guests("g1", 90_000, true)]);
        let days = store.usage_days(filter.clone()).await.unwrap();
        assert_eq!(days, [UsageDay { app: app(), day: DAY, stays: 1, totals: used(90_000) }]);
        let sums = store.usage_sums(filter, SumOf::Users, 10, None).await.unwrap();
        assert_eq!((sums.sums.len(), sums.sums[0].totals), (1, used(90_000)));
    }
    let days = store.usage_days(UsageFilter::all(app())).await.unwrap();
    assert_eq!(days[0].totals, used(1000));
    store.close(PATIENCE);
    let (store, restored) = open(data.path());
    assert_eq!(restored.usage.iter().map(|day| day.totals).collect::<Vec<_>>(), [used(1000)], "for quotas");
    assert_eq!(restored.inside, [], "nobody was inside by that");
    let page = store.usage_records(of_guests, 100, None).await.unwrap();
    assert_eq!(page.records, [guests("g1", 90_000, false)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However often and in whatever order lengths of stays come, days have the sums of the longest ones.
    #[test]
    fn days_are_the_sums_of_their_stays(given in prop::collection::vec((0..4_u8, 0..3_i32, 1..9_u64), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let data = tempfile::tempdir().unwrap();
            let (store, _) = open(data.path());
            let mut longest: BTreeMap<(u8, i32), u64> = BTreeMap::new();
            for (stay, day, seconds) in &given {
                let most = longest.entry((*stay, *day)).or_default();
                *most = (*most).max(*seconds);
            }
            keep(&store, given.iter().map(|(s, d, n)| part(&format!("s{s}"), DAY + d, n * 1000, true))).await;
            let mut wanted: BTreeMap<i32, u64> = BTreeMap::new();
            longest.iter().for_each(|((_, day), n)| *wanted.entry(DAY + day).or_default() += n * 1000);
            let days = store.usage_days(UsageFilter::all(app())).await.unwrap();
            let got: BTreeMap<i32, u64> = days.iter().map(|day| (day.day, day.totals.room_ms)).collect();
            assert_eq!(got, wanted);
            store.close(PATIENCE);
        });
    }
}
