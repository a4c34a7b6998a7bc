//! One command a file.

pub mod demo;
pub mod train;
pub mod validate;
