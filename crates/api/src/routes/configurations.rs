//! Saved configurations of the caller.

pub mod create;
pub mod delete;
pub mod list;
pub mod update;
