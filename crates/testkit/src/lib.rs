//! What tests of several crates need: databases of both kinds, an S3 server, a clock that is advanced by hand, rows to begin with.
//!
//! For development only: no crate depends on it but for its tests.

mod clock;
mod databases;
pub mod http;
pub mod machine;
pub mod plans;
mod postgres;
mod redis;
pub mod rows;
#[cfg(feature = "s3")]
mod s3;

pub use clock::ManualClock;
pub use databases::{TestDatabase, databases};
pub use redis::RedisServer;
#[cfg(feature = "s3")]
pub use s3::S3Server;
