//! Reading and validating whole files.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod content;
mod docs;
mod findings;
mod fixes;
mod fixtures;
mod reading;
mod robustness;
mod statistics;
mod support;
