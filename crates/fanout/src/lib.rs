//! The threads and sockets under the hub: shards, inboxes, viewer I/O
