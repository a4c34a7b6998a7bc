//! Tests of the program and of the workspace as a whole.

mod arrows;
#[path = "../../src/client.rs"]
#[expect(dead_code, reason = "the tests use a part of it")]
mod client;
mod doctor;
mod lifecycle;
mod main_job;
mod support;
