//! Webhooks of the caller.

pub mod create;
pub mod delete;
pub mod deliveries;
pub mod get;
pub mod list;
pub mod rotate;
pub mod test;
pub mod update;
