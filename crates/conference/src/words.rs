//! The words of conferences and their numbers on the wire.

use huitong_types::Role as Place;

/// What a conference is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Everybody may speak.
    Ordinary,
    /// Many speak: their sound reaches each member as one mixed stream.
    Large,
    /// Few speak, the others watch. Who only watches is counted and not announced.
    Live,
}

impl Kind {
    /// The kind of this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            10 => Some(Self::Ordinary),
            11 => Some(Self::Large),
            12 => Some(Self::Live),
            _ => None,
        }
    }

    /// Its number on the wire.
    pub const fn number(self) -> u8 {
        match self {
            Self::Ordinary => 10,
            Self::Large => 11,
            Self::Live => 12,
        }
    }

    /// The role of one who asks for none.
    pub const fn default_role(self) -> Role {
        match self {
            Self::Ordinary | Self::Large => Role::Talker,
            Self::Live => Role::Audience,
        }
    }
}

/// What a member may do. Each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Watch.
    Audience,
    /// Publish.
    Talker,
    /// Change roles, mute, remove members and end the conference.
    Admin,
}

impl Role {
    /// The role of this number. The number 9, which some clients send with every request, is none: it means that they ask for no role.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Audience),
            3 => Some(Self::Talker),
            7 => Some(Self::Admin),
            _ => None,
        }
    }

    /// Its number on the wire.
    pub const fn number(self) -> u8 {
        match self {
            Self::Audience => 1,
            Self::Talker => 3,
            Self::Admin => 7,
        }
    }

    /// Whether it may publish.
    pub fn publishes(self) -> bool {
        self >= Self::Talker
    }

    /// What it is in the room.
    pub fn place(self) -> Place {
        if self.publishes() { Place::Publisher } else { Place::Audience }
    }
}

/// Why a member is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExitReason {
    /// It left.
    Left,
    /// Nobody answered. Only a client says so, when it leaves.
    NoAnswer,
    /// An admin, the back-end or an operator removed it.
    Removed,
    /// The other one was busy. Only a client says so, when it leaves.
    Busy,
    /// Its connection was lost for too long, or the server could not go on with it.
    Failed,
    /// The client cannot take part. Only a client says so, when it leaves.
    NotSupported,
    /// The same user entered with another session.
    OtherDevice,
    /// The conference is over.
    Closed,
}

impl ExitReason {
    /// All, by their numbers.
    pub const ALL: [Self; 8] = [
        Self::Left,
        Self::NoAnswer,
        Self::Removed,
        Self::Busy,
        Self::Failed,
        Self::NotSupported,
        Self::OtherDevice,
        Self::Closed,
    ];

    /// The reason of this number; 6 to 9 are none.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.number() == number)
    }

    /// Its number on the wire.
    pub const fn number(self) -> u8 {
        match self {
            Self::Left => 0,
            Self::NoAnswer => 1,
            Self::Removed => 2,
            Self::Busy => 3,
            Self::Failed => 4,
            Self::NotSupported => 5,
            Self::OtherDevice => 10,
            Self::Closed => 11,
        }
    }
}

/// What becomes of a conference when its last admin is gone and others are still in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AdminGone {
    /// It goes on without one. Its creator is admin again on return.
    #[default]
    GoOn,
    /// The talker who has been there longest becomes admin, of those who came by a ticket; if there is none, the first who comes
    /// or is made one.
    NextTalker,
    /// It is over.
    End,
}

/// What one gets who asks to be admin of a conference of somebody else and was not made one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AskedAdmin {
    /// What it asks for: whoever knows the password is admin.
    Granted,
    /// The role of a talker: pages that ask for admin at every entry work, and rights still come from admins.
    #[default]
    Talker,
    /// Nothing.
    Refused,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_the_same_in_both_directions() {
        for number in 0..=u8::MAX {
            assert!(Kind::from_number(number).is_none_or(|kind| kind.number() == number));
            assert!(Role::from_number(number).is_none_or(|role| role.number() == number));
            assert!(ExitReason::from_number(number).is_none_or(|reason| reason.number() == number));
        }
        let all =
            |from: &dyn Fn(u8) -> bool| (0..=u8::MAX).filter(|number| from(*number)).collect::<Vec<_>>();
        assert_eq!(all(&|number| Kind::from_number(number).is_some()), [10, 11, 12]);
        assert_eq!(all(&|number| Role::from_number(number).is_some()), [1, 3, 7]);
        assert_eq!(all(&|number| ExitReason::from_number(number).is_some()), [0, 1, 2, 3, 4, 5, 10, 11]);
    }
}
