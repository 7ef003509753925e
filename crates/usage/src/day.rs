//! Days of the bill.

use std::fmt;
use std::str::FromStr;
use time::Date;

/// A day, ms.
const DAY_MS: i64 = 86_400_000;

/// The Julian day of 1970-01-01.
const EPOCH: i32 = 2_440_588;

/// A day of the bill, counted from 1970-01-01. Written `2026-11-26`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// The day that is so many days after 1970-01-01.
    pub const fn from_number(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// The day of a moment of the wall clock, where days begin `offset_minutes` before those of UTC.
    pub fn of(unix_ms: u64, offset_minutes: i32) -> Self {
        let days = local_ms(unix_ms, offset_minutes).div_euclid(DAY_MS);
        Self(i32::try_from(days).unwrap_or(i32::MAX))
    }

    /// When the day begins, Unix ms; 0 for days before 1970.
    pub fn begin_ms(self, offset_minutes: i32) -> u64 {
        let begin = i64::from(self.0).saturating_mul(DAY_MS) - i64::from(offset_minutes) * 60_000;
        u64::try_from(begin).unwrap_or(0)
    }

    /// When the day is over, Unix ms; 0 for days before 1970.
    pub fn end_ms(self, offset_minutes: i32) -> u64 {
        let end = (i64::from(self.0) + 1).saturating_mul(DAY_MS) - i64::from(offset_minutes) * 60_000;
        u64::try_from(end).unwrap_or(0)
    }

    /// The first day of its month; itself if it is beyond the calendar.
    #[must_use]
    pub fn month(self) -> Self {
        self.date().map_or(self, |date| Self(self.0.saturating_sub(i32::from(date.day()) - 1)))
    }

    fn date(self) -> Option<Date> {
        Date::from_julian_day(self.0.checked_add(EPOCH)?).ok()
    }
}

fn local_ms(unix_ms: u64, offset_minutes: i32) -> i64 {
    i64::try_from(unix_ms).unwrap_or(i64::MAX).saturating_add(i64::from(offset_minutes) * 60_000)
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date() {
            Some(date) => write!(f, "{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day()),
            // Beyond the calendar: no clock says that.
            None => write!(f, "day {}", self.0),
        }
    }
}

impl FromStr for Day {
    /// One sentence.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no day; write it like 2026-11-26");
        let digits = |part: &str, many: usize| {
            (part.len() == many && part.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| part.parse().ok())?
        };
        let mut parts = text.split('-');
        let (Some(year), Some(month), Some(day), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let date = || {
            let month = time::Month::try_from(u8::try_from(digits(month, 2)?).ok()?).ok()?;
            Date::from_calendar_date(digits(year, 4)?, month, u8::try_from(digits(day, 2)?).ok()?).ok()
        };
        date().map(|date| Self(date.to_julian_day() - EPOCH)).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Midnight of 2026-11-26 in UTC, Unix ms.
    const NOON_LESS_TWELVE: u64 = 1_795_651_200_000;

    #[test]
    fn a_day_is_read_as_it_was_written_and_nothing_else_is_one() {
        for text in ["1970-01-01", "2024-02-29", "2026-11-26", "9999-12-31"] {
            assert_eq!(text.parse::<Day>().unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "2026",
            "2026-11",
            "2026-11-31",
            "2025-02-29",
            "26-11-26",
            "2026-1-1",
            "2026-11-26-",
            "2026-+1-01",
            "会-01-01",
        ] {
            assert!(wrong.parse::<Day>().unwrap_err().contains("write it like"), "{wrong}");
        }
    }

    #[test]
    fn days_begin_where_the_operator_says() {
        let day: Day = "2026-11-26".parse().unwrap();
        assert_eq!(Day::of(NOON_LESS_TWELVE, 0), day);
        assert_eq!(Day::of(NOON_LESS_TWELVE - 1, 0).number(), day.number() - 1);
        assert_eq!(day.end_ms(0), NOON_LESS_TWELVE + 86_400_000);
        // In China the day is eight hours old by then.
        assert_eq!(Day::of(NOON_LESS_TWELVE - 8 * 3_600_000, 480), day);
        assert_eq!(day.end_ms(480), NOON_LESS_TWELVE + 16 * 3_600_000);
        assert_eq!(Day::of(0, -60).number(), -1);
    }

    #[test]
    fn a_month_is_known_by_its_first_day() {
        let month = |text: &str| text.parse::<Day>().unwrap().month().to_string();
        assert_eq!(month("2026-11-26"), "2026-11-01");
        assert_eq!(month("2024-02-29"), "2024-02-01");
        assert_eq!(month("2026-01-01"), "2026-01-01");
        assert_eq!(Day::from_number(i32::MAX).month(), Day::from_number(i32::MAX));
    }
}
