//! From the use cases' types to the shapes of answers, and from requests to what the use cases take.

pub mod accounts;
pub mod admin;
pub mod catalogue;
pub mod configurations;
pub mod costs;
pub mod dataset_versions;
pub mod datasets;
pub mod evaluation;
pub mod examples;
pub mod job_request;
pub mod jobs;
pub mod models;
pub mod notifications;
pub mod settings;
pub mod webhooks;
