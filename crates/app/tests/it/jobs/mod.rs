//! Jobs from their creation to their end, with a cluster that does what the test says.

mod adapter;
mod callback;
mod cancelling;
mod clusters;
mod ends;
mod fake_cluster;
mod following;
mod launching;
mod money;
mod reading;
mod relayed;
mod waiting;
pub mod world;
