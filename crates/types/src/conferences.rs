//! Words of conferences: what one is for, what a member may do, and why a member is out.

use crate::words::words;

words! {
    /// What a conference is for. The vendor's numbers are 10, 11 and 12.
    #[derive(Default)]
    ConferenceKind {
        /// Everybody may speak.
        #[default]
        Ordinary = "ordinary",
        /// Many speak: their sound reaches each member as one mixed stream.
        Large = "large",
        /// Few speak, the others watch. Who only watches is counted and not announced.
        Live = "live",
    }
}

words! {
    /// What a member of a conference may do. Each role may do what those before it may. The vendor's numbers are 1, 3 and 7.
    ConferenceRole {
        /// Watch.
        Audience = "audience",
        /// Publish.
        Talker = "talker",
        /// Change roles, mute, remove members and end the conference.
        Admin = "admin",
    }
}

words! {
    /// Why a member of a conference is out.
    ConferenceExit {
        /// It left.
        Left = "left",
        /// Nobody answered. Only a client says so, when it leaves.
        NoAnswer = "noAnswer",
        /// An admin, the back-end or an operator removed it.
        Removed = "removed",
        /// The other one was busy. Only a client says so, when it leaves.
        Busy = "busy",
        /// Its connection was lost for too long, or the server could not go on with it.
        Failed = "failed",
        /// The client cannot take part. Only a client says so, when it leaves.
        NotSupported = "notSupported",
        /// The same user entered with another session.
        OtherDevice = "otherDevice",
        /// The conference is over.
        Closed = "closed",
    }
}
