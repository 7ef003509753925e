//! Builds again when the SDK files that a release embeds have changed.

fn main() {
    // A debug build reads the files when they are asked for.
    let embeds = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    println!("cargo::rerun-if-changed={}", if embeds { "../../dist" } else { "build.rs" });
}
