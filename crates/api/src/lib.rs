//! The HTTP side: routes, shapes, error mapping, OpenAPI, event streams, and the web page.
//!
//! Owns everything that knows HTTP. Imports `app` and `domain`; never the database, the storage or the numerics. A handler extracts, calls
//! one use case, and maps its answer; every operation is one file, whose route and OpenAPI entry are one declaration.

mod base;
mod convert;
mod dto;
mod error;
mod extract;
mod layers;
mod limits;
mod node;
mod notification_stream;
mod openapi;
mod reply;
mod routes;
mod sse;
mod state;
mod telemetry;

pub use extract::TrustedProxies;
pub use limits::RateLimits;
pub use node::node_router;
pub use openapi::openapi;
pub use state::{Options, PageFile};

use app::App;
use std::sync::Arc;

/// Everything that the server answers. The listener should give connection infos, so that logins can be limited by address.
pub fn router(app: Arc<App>, options: Options) -> axum::Router {
    layers::wrap(state::ApiState::new(app, options))
}

/// The OpenAPI document as it is kept in `docs/openapi.json`.
pub fn openapi_json() -> String {
    format!("{:#}\n", openapi())
}

/// The codes that errors can have.
pub fn error_codes() -> impl Iterator<Item = &'static str> {
    openapi::CODES.iter().map(|row| row.code)
}

/// The table of all codes, as it stands in `docs/api.md`.
pub fn error_table() -> String {
    openapi::error_table()
}
