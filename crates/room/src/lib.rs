//! The room machine: membership, publishing, subscriptions, kick and dissolve (sans-IO)
