//! Trained adapters.

pub mod archive;
pub mod artifacts;
pub mod delete;
pub mod download;
pub mod get;
pub mod list;
pub mod restore;
pub mod update;
