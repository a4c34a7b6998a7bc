//! Data sets.

pub mod confirm;
pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod sample;
pub mod update;
pub mod upload;
pub mod validate;
