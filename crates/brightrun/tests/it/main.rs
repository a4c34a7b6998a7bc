//! Tests of the program and of the workspace as a whole.

mod arrows;
#[path = "../../src/client.rs"]
mod client;
mod doctor;
mod lifecycle;
mod main_job;
mod support;
