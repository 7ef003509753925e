//! The session machine: login, multi-device policy, kept seats, event replay (sans-IO)
