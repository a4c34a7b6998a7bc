//! Reading and validating whole files.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod content;
mod converting;
mod docs;
mod findings;
mod fixes;
mod fixtures;
mod reading;
mod robustness;
mod statistics;
mod support;
/// The promises that the fuzz targets check.
#[path = "../../../../fuzz/src/lib.rs"]
mod trial;
