//! The engine against transformers and PEFT, and against itself.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod behaviour;
#[cfg(feature = "cuda")]
mod cuda;
mod devices;
#[cfg(feature = "cuda")]
#[path = "../emulator/mod.rs"]
mod emulated;
mod fixture;
mod generation;
mod instructions;
#[cfg(feature = "cuda")]
mod kernels;
mod oracle;
mod peft_files;
mod precision;
