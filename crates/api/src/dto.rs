//! Shapes of requests and answers. Names and fields are the contract with clients; conversions from the use cases' types are in
//! [`crate::convert`].

pub mod access;
pub mod admin;
pub mod auth;
pub mod callback;
pub mod catalogue;
pub mod common;
pub mod configurations;
pub mod costs;
pub mod dataset_versions;
pub mod datasets;
pub mod evaluation;
pub mod examples;
pub mod job_detail;
pub mod job_requests;
pub mod jobs;
pub mod models;
pub mod notifications;
pub mod settings;
pub mod text;
pub mod webhooks;
