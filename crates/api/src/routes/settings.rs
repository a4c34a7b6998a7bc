//! Settings of the caller.

pub mod get;
pub mod update;
