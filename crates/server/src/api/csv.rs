//! Call records and usage as lines of a table, for people with a spreadsheet program.
//!
//! The form is that of RFC 4180: commas, lines that end with CR LF, quotes where a text needs them.
//!
//! Users name themselves and hand texts through, and spreadsheet programs calculate what begins like a formula. So every
//! text that does gets an apostrophe before it unless programs are said to read it: a table is opened by somebody else than
//! the one who asked for it. So does every number that they would change without a word, because it is too long (users of voice
//! rooms are integers of 64 bits) or begins with 0. An apostrophe cannot be told from one that belongs to a name, so whoever
//! needs the texts as they are says `exact=1`, or takes the JSON.

use super::params::invalid;
use super::refusal::Refusal;
use huitong_store::{CallParty, CallRecord, UsageRecord};
use huitong_usage::Day;
use std::fmt::Write;
use time::OffsetDateTime;

/// For spreadsheet programs that take a file without it for one in the encoding of the country.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Digits of a number that spreadsheet programs keep; further ones become zeros.
const EXACT_DIGITS: usize = 15;

/// What stands in which column. Columns are only ever appended: somebody counts them.
pub(super) const HEAD: &str = "call,startedUtc,connectedUtc,endedUtc,durationMs,media,caller,participants,group,\
                               reason,by,backend,room,data\r\n";

/// The same for usage.
pub(super) const USAGE_HEAD: &str = "day,room,user,startedUtc,endedUtc,open,roomMs,audioMs,micMs,videoSdMs,videoHdMs,\
                                     videoFhdMs,stay\r\n";

/// How texts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Texts {
    /// So that a spreadsheet program neither calculates nor rounds them.
    Guarded,
    /// As they are.
    Exact,
}

/// What was asked for the form of a table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Form {
    pub(super) bom: Option<u8>,
    pub(super) exact: Option<u8>,
}

/// What a table begins with, and how its texts are written.
pub(super) fn beginning(form: Form) -> Result<(String, Texts), Refusal> {
    let flag = |what: &'static str, value: Option<u8>| match value {
        None | Some(0) => Ok(false),
        Some(1) => Ok(true),
        Some(other) => Err(invalid(what, &format!("it is {other}, allowed are 0 and 1"))),
    };
    let text = if flag("bom", form.bom)? { BYTE_ORDER_MARK.to_string() } else { String::new() };
    Ok((text, if flag("exact", form.exact)? { Texts::Exact } else { Texts::Guarded }))
}

/// Appends the line of a stay on a day.
pub(super) fn usage_line(out: &mut String, record: &UsageRecord, texts: Texts) {
    let _infallible = write!(out, "{},", Day::from_number(record.day));
    text(out, &record.room, texts);
    out.push(',');
    text(out, &record.user, texts);
    out.push(',');
    moment(out, Some(record.started_ms));
    out.push(',');
    moment(out, Some(record.ended_ms));
    let totals = &record.totals;
    let _infallible = write!(
        out,
        ",{},{},{},{},{},{},{},",
        record.open,
        totals.room_ms,
        totals.audio_ms,
        totals.mic_ms,
        totals.sd_ms,
        totals.hd_ms,
        totals.fhd_ms
    );
    text(out, &record.stay, texts);
    out.push_str("\r\n");
}

/// Appends the line of a call.
pub(super) fn line(out: &mut String, call: &CallRecord, texts: Texts) {
    text(out, &call.call, texts);
    out.push(',');
    moment(out, Some(call.started_ms));
    out.push(',');
    moment(out, call.connected_ms);
    out.push(',');
    moment(out, call.end.as_ref().map(|end| end.at_ms));
    out.push(',');
    let _infallible = write!(out, "{}", call.duration_ms());
    for part in [&call.media, &call.caller, &participants(&call.parties)] {
        out.push(',');
        text(out, part, texts);
    }
    let end = call.end.as_ref();
    let parts =
        [call.group.as_deref(), end.map(|end| end.reason.as_str()), end.and_then(|end| end.by.as_deref())];
    for part in parts {
        out.push(',');
        text(out, part.unwrap_or_default(), texts);
    }
    out.push_str(if call.backend { ",true," } else { ",false," });
    text(out, &call.room, texts);
    out.push(',');
    text(out, call.data.as_deref().unwrap_or_default(), texts);
    out.push_str("\r\n");
}

/// Everybody on a line of the cell, as `alice left 61000`: user, state, and ms of connection. A user may have spaces in its
/// name, but no line break, and the other two have neither.
fn participants(parties: &[CallParty]) -> String {
    let each = parties.iter().map(|party| format!("{} {} {}", party.user, party.state, party.duration_ms));
    each.collect::<Vec<_>>().join("\n")
}

/// A time as spreadsheet programs read it; in UTC, as its column says.
fn moment(out: &mut String, unix_ms: Option<u64>) {
    let Some(unix_ms) = unix_ms else { return };
    let seconds = i64::try_from(unix_ms / 1000).unwrap_or(i64::MAX);
    let _infallible = match OffsetDateTime::from_unix_timestamp(seconds) {
        Ok(at) => write!(
            out,
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        ),
        // Beyond the calendar: no clock says that.
        Err(_) => write!(out, "{unix_ms}"),
    };
}

fn text(out: &mut String, text: &str, texts: Texts) {
    // Some programs leave out spaces before a formula, and those of East Asia know its wide signs as well.
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || text.starts_with(['\t', '\r', '\n']);
    let digits = text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_digit());
    let rounded = digits && (text.len() > EXACT_DIGITS || text.starts_with('0'));
    let guard = if texts == Texts::Guarded && (formula || rounded) { "'" } else { "" };
    if text.contains([',', '"', '\r', '\n']) || text.trim() != text {
        let _infallible = write!(out, "\"{guard}{}\"", text.replace('"', "\"\""));
    } else {
        let _infallible = write!(out, "{guard}{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use huitong_store::CallEnd;
    use huitong_types::AppId;

    fn as_text(given: &str) -> String {
        let mut out = String::new();
        text(&mut out, given, Texts::Guarded);
        out
    }

    #[test]
    fn texts_are_quoted_where_they_have_to_be() {
        for (given, written) in [
            ("", ""),
            ("alice", "alice"),
            ("会议", "会议"),
            ("a, b", "\"a, b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            (" space", "\" space\""),
        ] {
            assert_eq!(as_text(given), written);
        }
    }

    #[test]
    fn nothing_that_a_user_named_is_calculated() {
        for (given, written) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("\t=1", "\"'\t=1\""),
            ("  =1", "\"'  =1\""),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("a=1", "a=1"),
            ("'=1", "'=1"),
        ] {
            assert_eq!(as_text(given), written);
        }
    }

    #[test]
    fn no_user_is_rounded_to_another_one() {
        for (given, written) in [
            ("9223372036854775807", "'9223372036854775807"),
            ("-9223372036854775808", "'-9223372036854775808"),
            ("9007199254740993", "'9007199254740993"),
            ("123456789012345", "123456789012345"),
            ("10001", "10001"),
            ("0", "0"),
            ("007", "'007"),
            ("u9223372036854775807", "u9223372036854775807"),
        ] {
            assert_eq!(as_text(given), written);
        }
    }

    #[test]
    fn programs_get_every_text_as_it_is() {
        for given in ["=1+1", "-1", "@7", "＝1", "9223372036854775807", "007", "'x", "alice"] {
            let mut out = String::new();
            text(&mut out, given, Texts::Exact);
            assert_eq!(out, given);
        }
        let mut out = String::new();
        text(&mut out, "=\"a\", b", Texts::Exact);
        assert_eq!(out, "\"=\"\"a\"\", b\"", "quotes are those of the form, which every program takes off");
    }

    #[test]
    fn a_call_is_one_line_with_everybody_in_it() {
        let party = |user: &str, state: &str, duration_ms| CallParty {
            user: user.to_owned(),
            device: None,
            state: state.to_owned(),
            rang_ms: None,
            answered_ms: None,
            left_ms: None,
            duration_ms,
        };
        let mut call = CallRecord {
            app: AppId::new(7).unwrap(),
            call: "c1".to_owned(),
            room: "@12".to_owned(),
            media: "video".to_owned(),
            group: None,
            data: Some("order 17".to_owned()),
            caller: "alice".to_owned(),
            backend: false,
            started_ms: 1_764_173_262_999,
            connected_ms: Some(1_764_173_270_000),
            end: Some(CallEnd {
                at_ms: 1_764_173_331_000,
                reason: "hungUp".to_owned(),
                by: Some("bob".to_owned()),
            }),
            parties: vec![party("alice", "left", 61_000), party("b ob", "left", 61_000)],
        };
        let mut out = String::new();
        line(&mut out, &call, Texts::Guarded);
        assert_eq!(
            out,
            "c1,2025-11-26 16:07:42,2025-11-26 16:07:50,2025-11-26 16:08:51,61000,video,alice,\
             \"alice left 61000\nb ob left 61000\",,hungUp,bob,false,'@12,order 17\r\n"
        );
        assert_eq!(HEAD.matches(',').count(), out.matches(',').count());
        call.connected_ms = None;
        call.started_ms = u64::MAX;
        out.clear();
        line(&mut out, &call, Texts::Guarded);
        assert!(out.starts_with("c1,18446744073709551615,,2025-11-26 16:08:51,0,"), "{out}");
    }
}
