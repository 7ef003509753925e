//! From glass to glass: what a real Chromium and simulated phones measure with a clock in the picture. A program for
//! Node drives them; this part starts it and reads its figures.

use crate::report::Bar;
use crate::server::Binary;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

/// Name of this part.
pub(crate) const NAME: &str = "glass to glass";

/// The program, from the root of the repository.
const PROGRAM: &str = "tests/browser/latency.mjs";

/// What was measured of one pairing, as the program prints it, a line for each.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Pairing {
    /// From and to, and over what.
    name: String,
    /// Ages of all pictures whose clock was read, ms.
    ages_ms: Vec<f64>,
    /// Pictures whose clock could not be read.
    unreadable: usize,
    /// The 95th percentile may be this much, ms; `None`: it is only told.
    bar_ms: Option<f64>,
}

impl Pairing {
    /// The age that `share` (0 to 1) of the pictures do not exceed, ms; NaN when there is none.
    fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.ages_ms.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (sorted.len() as f64 * share).ceil().max(1.0) as usize - 1;
        sorted.get(rank).copied().unwrap_or(f64::NAN)
    }

    /// For people.
    pub(crate) fn sentence(&self) -> String {
        format!(
            "{NAME}: {:<30} p50 {:>6.0} ms   p95 {:>6.0} ms   {:>5} pictures, {} unreadable",
            self.name,
            self.quantile(0.5),
            self.quantile(0.95),
            self.ages_ms.len(),
            self.unreadable
        )
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({
            "pairing": self.name,
            "samples": self.ages_ms.len(),
            "unreadable": self.unreadable,
            "p50_ms": self.quantile(0.5),
            "p95_ms": self.quantile(0.95),
        })
    }

    /// What it is held to, if anything.
    pub(crate) fn bar(&self) -> Option<Bar> {
        let what = format!("{NAME}: {} p95", self.name);
        Some(Bar { what, value: self.quantile(0.95), limit: self.bar_ms?, unit: "ms" })
    }
}

/// Measures all pairings, each for so many seconds.
pub(crate) fn measure(binary: &Binary, seconds: f64, tell: &dyn Fn(&str)) -> Result<Vec<Pairing>, String> {
    if !Path::new(PROGRAM).is_file() {
        return Err(format!("there is no {PROGRAM} here: start this from the root of the repository"));
    }
    tell("a browser and phones");
    let output = Command::new("node")
        .args([PROGRAM, &seconds.to_string()])
        .env("HUITONG_BIN", binary.path())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("node cannot be started: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let read =
        |line: &str| serde_json::from_str(line).map_err(|e| format!("{PROGRAM} printed {line:?}: {e}"));
    let pairings: Vec<Pairing> = text.lines().map(read).collect::<Result<_, String>>()?;
    if !output.status.success() || pairings.is_empty() {
        return Err(format!("{PROGRAM} ended with {}", output.status));
    }
    Ok(pairings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairing(ages_ms: Vec<f64>) -> Pairing {
        Pairing { name: "a to b".to_owned(), ages_ms, unreadable: 0, bar_ms: Some(200.0) }
    }

    #[test]
    fn quantiles_are_those_of_the_ages_whatever_their_order() {
        let ages = (1..=100).rev().map(f64::from).collect();
        let pairing = pairing(ages);
        assert_eq!(
            (pairing.quantile(0.5), pairing.quantile(0.95), pairing.quantile(1.0)),
            (50.0, 95.0, 100.0)
        );
    }

    #[test]
    fn no_picture_meets_no_bar() {
        let bar = pairing(Vec::new()).bar().expect("a bar");
        assert!(!bar.met());
    }
}
