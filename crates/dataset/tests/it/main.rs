//! Reading and validating whole files.

mod findings;
mod fixtures;
mod reading;
mod robustness;
mod statistics;
mod support;
