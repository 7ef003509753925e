//! The `huitong` command.
fn main() {}
