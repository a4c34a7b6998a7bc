//! One command a file.

pub mod convert;
pub mod demo;
pub mod fix;
pub mod inspect;
pub mod node;
pub mod train;
pub mod validate;
