//! One behaviour for every store.

#![expect(clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking")]

mod folder;
#[path = "../../src/presign.rs"]
mod presign;
mod radosgw;
mod s3;
mod suite;
