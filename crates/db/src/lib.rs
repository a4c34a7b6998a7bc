//! Storage of rows: one schema, one set of queries, on SQLite and on PostgreSQL.
//!
//! Owns the tables, their migrations and every query; hands out plain records with domain types and keeps the ORM's entities to itself.
//! Imports only `domain`. Knows nothing of callers and their rights: who may see a row is decided in `app`.
//!
//! Each module is a table, or a family of tables that are written together. Whatever changes one row together with what follows from it
//! (events, costs, notifications, queued tasks) goes through that module's `update`: it locks the row, lets a synchronous closure decide
//! and change, and writes everything in one transaction.

pub mod account_tokens;
pub mod api_keys;
pub mod audit;
pub mod configurations;
mod connection;
mod convert;
pub mod costs;
pub mod datasets;
mod error;
pub mod idempotency;
pub mod instances;
pub mod invitations;
pub mod jobs;
pub mod mails;
mod migration;
pub mod models;
mod news;
pub mod notifications;
mod page;
mod plan;
pub mod sessions;
pub mod settings;
pub mod tasks;
pub mod throughputs;
pub mod users;
pub mod webhooks;

pub use connection::{Db, Figures};
pub use error::{Error, Result};
pub use news::News;
pub use page::{Direction, Page, Paged};
