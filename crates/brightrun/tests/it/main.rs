//! Tests of the program and of the workspace as a whole.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests are not marked as tests; a test that cannot run says so"
)]

mod arrows;
mod base_models;
#[path = "../../src/client.rs"]
mod client;
mod cluster;
mod configuration;
mod doctor;
mod doctor_commands;
#[cfg(feature = "cuda")]
#[path = "../../../model/tests/emulator/mod.rs"]
mod emulated;
#[cfg(feature = "cuda")]
mod gpu;
mod inspect;
mod lifecycle;
mod main_job;
mod object_storage;
mod several;
mod shutdown;
mod support;
mod train;
