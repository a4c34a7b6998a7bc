//! The engine against transformers and PEFT, and against itself.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod behaviour;
mod cuda;
mod devices;
#[path = "../emulator/mod.rs"]
mod emulated;
mod fixture;
mod generation;
mod kernels;
mod oracle;
mod peft_files;
mod precision;
