//! One behaviour for every store.

#![expect(clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking")]

mod folder;
mod radosgw;
mod s3;
mod suite;
