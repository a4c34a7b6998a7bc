//! Notifications.

pub mod delete;
pub mod list;
pub mod read;
pub mod read_all;
pub mod stream;
