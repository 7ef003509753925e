//! What is bounded, for how long is waited, and how a conference is set up.

use crate::refusal::Refusal;
use crate::words::{AdminGone, AskedAdmin, Kind, Role};
use huitong_types::{Redacted, limits};
use std::time::Duration;

/// Longest password, bytes: room for a passphrase, and nobody lets the server hash a book.
pub const PASSWORD_BYTES: usize = 128;

/// Longest nickname, bytes: as long as a user id.
pub const NICK_BYTES: usize = 128;

/// Longest text that a member shows to the others, bytes: those of fifty talkers fit one signalling frame.
pub const EXT_BYTES: usize = 1024;

/// Longest key of an attribute, bytes: a word, or the name of a user.
pub const KEY_BYTES: usize = 128;

/// Attributes of one conference: a hand or a seat for each of a hundred members.
pub const ATTRIBUTES: usize = 100;

/// All attributes of one conference, keys and values, bytes: who enters gets them in half a signalling frame.
pub const ATTRIBUTES_BYTES: usize = 32 * 1024;

/// Members that one request may name: twice as many as may talk.
pub const BATCH: usize = 100;

/// Raised hands of one conference: more than an admin looks through.
pub const HANDS: usize = 100;

/// Tickets that a user may have unused for one conference: one for each of its devices, and some that were lost on the way.
/// One more makes the oldest void.
pub const TICKETS_OF_USER: usize = 4;

/// Users whose role or silence was decided by an admin, per conference. What was decided holds when they come back, so it is
/// kept as long as the conference; more than one decision a second for hours is no work of people.
pub const DECIDED: usize = 10_000;

/// How guessing a password is slowed down.
#[derive(Clone, Copy, Debug)]
pub struct Guessing {
    /// Wrong passwords that cost no delay.
    pub free: u32,
    /// The delay after the next one. It doubles with each.
    pub delay: Duration,
    /// The longest delay.
    pub longest: Duration,
}

impl Guessing {
    /// How long to wait after so many wrong passwords.
    pub(crate) fn delay(&self, wrong: u32) -> Duration {
        match wrong.checked_sub(self.free) {
            None | Some(0) => Duration::ZERO,
            Some(beyond) => {
                let times = 1_u32.checked_shl(beyond - 1).unwrap_or(u32::MAX);
                self.delay.saturating_mul(times).min(self.longest)
            }
        }
    }
}

/// Numbers of the machine.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Conferences at once. One more is refused.
    pub conferences: usize,
    /// The same, of one application, so that others do not notice when one makes them without end. What was kept before a restart
    /// is not taken away by it.
    pub of_app: usize,
    /// Conferences that one user may have created and that are not over: a page that creates one at each touch stops here.
    pub of_creator: usize,
    /// Unused tickets at once; each costs some hundred bytes.
    pub tickets: usize,
    /// How long a ticket can be used: permission questions on a phone included.
    pub ticket: Duration,
    /// Requests that wait for a password to be checked, all together: each costs tens of milliseconds of a processor.
    pub asks: usize,
    /// The same, for one conference: a hundred first joiners, twice.
    pub asks_of_conference: usize,
    /// How long such a request may wait.
    pub ask: Duration,
    /// Delays for one user. Three typing errors are human; after a dozen, five minutes pass between two tries.
    pub user_guessing: Guessing,
    /// Delays for one conference, whoever tries. The longest is short, because those who know the password wait too.
    pub conference_guessing: Guessing,
    /// Users with wrong passwords of whom is known. Of others no password is checked then.
    pub guessers: usize,
    /// When wrong passwords are forgotten, after the last one.
    pub forget: Duration,
    /// The most talkers of a conference: as many as a room has publishers.
    pub talkers: usize,
    /// The most members of a conference whose audience is announced: each entry is told to all. Its audience leaves room for its
    /// talkers, so that a crowd keeps neither the admin out nor those who are expected; where that would be less than half, half.
    pub announced: usize,
    /// The most audience of a live conference: as many as a live room has.
    pub live_audience: usize,
    /// How long an empty conference is kept unless its settings say otherwise, as vendors document it.
    pub empty: Duration,
    /// The longest that an empty conference may be kept: until tomorrow.
    pub empty_most: Duration,
    /// The least time that a conference waits for the first who comes, whatever its settings: its creator has to get a ticket and
    /// to enter, and after a restart of the server those who were in it come back as their network allows; a phone tries again
    /// every half minute at the latest.
    pub arrival: Duration,
    /// What becomes of a conference when its last admin is gone.
    pub admin_gone: AdminGone,
    /// What one gets who asks to be admin.
    pub asked_admin: AskedAdmin,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            conferences: 100_000,
            of_app: 10_000,
            of_creator: 100,
            tickets: 200_000,
            ticket: Duration::from_secs(300),
            asks: 1024,
            asks_of_conference: 200,
            ask: Duration::from_secs(10),
            user_guessing: Guessing {
                free: 3,
                delay: Duration::from_secs(1),
                longest: Duration::from_secs(300),
            },
            conference_guessing: Guessing {
                free: 20,
                delay: Duration::from_secs(1),
                longest: Duration::from_secs(30),
            },
            guessers: 100_000,
            forget: Duration::from_secs(900),
            talkers: limits::PUBLISHERS,
            announced: 600 + limits::PUBLISHERS,
            live_audience: limits::LIVE_AUDIENCE,
            empty: Duration::from_secs(120),
            empty_most: Duration::from_secs(86_400),
            arrival: Duration::from_secs(60),
            admin_gone: AdminGone::default(),
            asked_admin: AskedAdmin::default(),
        }
    }
}

/// How a conference is set up; its creator says so. What is not said is as vendors document it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What it is for.
    pub kind: Kind,
    /// The password; an empty one is none.
    pub password: Redacted<String>,
    /// The role of those who ask for none.
    pub default_role: Option<Role>,
    /// How long it is kept when nobody is in it.
    pub empty: Option<Duration>,
    /// Each stream is to be recorded.
    pub record: bool,
    /// The conference is to be recorded as one picture.
    pub record_merged: bool,
    /// Most talkers, admins among them.
    pub max_talkers: Option<usize>,
    /// Most cameras that are on at a time.
    pub max_videos: Option<usize>,
    /// Most members that only watch.
    pub max_audience: Option<usize>,
    /// Most shared screens.
    pub max_screens: Option<usize>,
    /// Audience may not ask to be made talkers; admins decide without being asked.
    pub no_hands: bool,
}

impl Settings {
    /// What a conference of this kind is without further words.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            password: Redacted::default(),
            default_role: None,
            empty: None,
            record: false,
            record_merged: false,
            max_talkers: None,
            max_videos: None,
            max_audience: None,
            max_screens: None,
            no_hands: false,
        }
    }
}

/// Cameras that are on at a time, as vendors document it: more players than that a page does not show.
const VIDEOS: usize = 9;

/// Shared screens, as vendors document it.
const SCREENS: usize = 2;

/// Talkers of a live conference, as vendors document it.
const LIVE_TALKERS: usize = 6;

/// Audience, as vendors document it.
const AUDIENCE: usize = 600;

/// How many may be what in a conference. What its creator asks for beyond what the server has is cut to that: pages ask for
/// the hundred talkers of another server, and are to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caps {
    /// Talkers, admins among them.
    pub talkers: usize,
    /// Cameras that are on.
    pub videos: usize,
    /// Members that only watch.
    pub audience: usize,
    /// Shared screens.
    pub screens: usize,
}

impl Caps {
    /// What these settings come to.
    ///
    /// # Errors
    /// A conference without talkers: its creator could not be in it.
    pub(crate) fn new(limits: &Limits, settings: &Settings) -> Result<Self, Refusal> {
        let live = settings.kind == Kind::Live;
        let talkers = if live { LIVE_TALKERS } else { limits.talkers };
        let asked = Self {
            talkers: settings.max_talkers.unwrap_or(talkers),
            videos: settings.max_videos.unwrap_or(VIDEOS),
            audience: settings.max_audience.unwrap_or(AUDIENCE),
            screens: settings.max_screens.unwrap_or(SCREENS),
        };
        asked.within(limits, settings.kind)
    }

    /// These, cut to what the server has.
    ///
    /// # Errors
    /// A conference without talkers.
    pub(crate) fn within(self, limits: &Limits, kind: Kind) -> Result<Self, Refusal> {
        if self.talkers == 0 {
            return Err(Refusal::Field("maxTalkers", "must be at least 1: the creator is a talker"));
        }
        let talkers = self.talkers.min(limits.talkers);
        let audience = match kind {
            Kind::Live => limits.live_audience,
            Kind::Ordinary | Kind::Large => limits.announced - talkers.min(limits.announced / 2),
        };
        Ok(Self {
            talkers,
            videos: self.videos.min(limits.talkers),
            audience: self.audience.min(audience),
            screens: self.screens.min(limits.talkers),
        })
    }
}

/// Checks the length of a text.
pub(crate) fn fits(field: &'static str, text: &str, most: usize, rule: &'static str) -> Result<(), Refusal> {
    if text.len() <= most { Ok(()) } else { Err(Refusal::Field(field, rule)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_the_longest_and_never_overflows() {
        let guessing = Limits::default().user_guessing;
        let seconds: Vec<u64> = (0..14).map(|wrong| guessing.delay(wrong).as_secs()).collect();
        assert_eq!(seconds, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(guessing.delay(u32::MAX), guessing.longest);
    }

    #[test]
    fn announced_audience_leaves_room_for_the_talkers() {
        let audience = |announced, talkers| {
            let limits = Limits { announced, ..Limits::default() };
            let settings = Settings { max_talkers: Some(talkers), ..Settings::new(Kind::Large) };
            let caps = Caps::new(&limits, &settings).unwrap();
            assert_eq!(caps.within(&limits, Kind::Large).unwrap(), caps, "a restart cuts nothing more");
            caps.audience
        };
        assert_eq!((audience(300, 50), audience(300, 6), audience(300, 1000)), (250, 294, 250));
        assert_eq!((audience(40, 50), audience(1, 50)), (20, 1), "and is there in a small room, too");
    }

    #[test]
    fn what_is_asked_for_beyond_the_server_is_cut_and_what_is_not_said_is_as_documented() {
        let limits = Limits::default();
        let caps = |settings| Caps::new(&limits, &settings).unwrap();
        let plain = caps(Settings::new(Kind::Ordinary));
        assert_eq!(plain, Caps { talkers: 50, videos: 9, audience: 600, screens: 2 });
        assert_eq!(caps(Settings::new(Kind::Live)).talkers, 6);
        let much = Some(1_000_000);
        let mut settings = Settings::new(Kind::Ordinary);
        (settings.max_talkers, settings.max_audience) = (much, much);
        (settings.max_videos, settings.max_screens) = (much, Some(0));
        assert_eq!(caps(settings), Caps { talkers: 50, videos: 50, audience: 600, screens: 0 });
        let none = Settings { max_talkers: Some(0), ..Settings::new(Kind::Ordinary) };
        assert!(matches!(Caps::new(&limits, &none), Err(Refusal::Field("maxTalkers", _))));
    }
}
