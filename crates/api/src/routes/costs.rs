//! Costs.

pub mod list;
pub mod summary;
