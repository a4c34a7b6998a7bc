//! Data sets.

pub mod confirm;
pub mod conversations;
pub mod create;
pub mod delete;
pub mod example;
pub mod export;
pub mod export_report;
pub mod fixes;
pub mod get;
pub mod list;
pub mod restore;
pub mod sample;
pub mod update;
pub mod upload;
pub mod validate;
