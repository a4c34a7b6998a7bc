//! What tests of several crates need: databases of both kinds, a clock that is advanced by hand, rows to begin with.
//!
//! For development only: no crate depends on it but for its tests.

mod clock;
mod databases;
mod postgres;
pub mod rows;

pub use clock::ManualClock;
pub use databases::{TestDatabase, databases};
