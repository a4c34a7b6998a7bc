//! What goes into and comes out of the job use cases. Money is in micro-dollars, time in seconds, sizes in bytes.

mod input;
mod output;

pub use input::*;
pub use output::*;
