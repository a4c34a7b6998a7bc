//! One command a file.

pub mod demo;
pub mod node;
pub mod train;
pub mod validate;
