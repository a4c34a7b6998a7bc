//! The API from the outside: requests against the whole router, over a database and a store in a temporary folder.

#![expect(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod access;
mod accounts;
mod admin;
mod catalogue;
mod configurations;
mod contract;
mod costs;
mod datasets;
mod document;
mod jobs;
mod leaving;
mod limits;
mod models;
mod node;
mod notifications;
mod openapi;
mod operations;
mod page;
mod pages;
mod plans;
mod retention;
mod settings;
mod specification;
mod statements;
mod storage;
mod stream;
mod validation;
mod world;
