//! How the server is: for probes and for Prometheus.

use crate::error::ApiError;
use crate::extract::Scraper;
use crate::openapi::Failures;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use utoipa::ToSchema;

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, `degraded` where something is missing that the server can do without, or `unavailable`.
    pub status: &'static str,
    /// Version of the server.
    pub version: String,
    /// What does not answer, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// Whether the server runs.
#[utoipa::path(
    get, path = "/healthz", operation_id = "health", tag = "server", security(()),
    responses((status = 200, description = "It runs", body = Health))
)]
pub async fn healthz(State(state): State<ApiState>) -> Json<Health> {
    Json(Health { status: "ok", version: state.app.config.version.clone(), problems: Vec::new() })
}

/// Whether the server can do its work: the database and the storage answer. Without Redis, where that is set, it is degraded, and ready.
#[utoipa::path(
    get, path = "/readyz", operation_id = "ready", tag = "server", security(()),
    responses(
        (status = 200, description = "It can", body = Health),
        (status = 503, description = "Something does not answer", body = Health)
    )
)]
pub async fn readyz(State(state): State<ApiState>) -> Response {
    let mut problems = app::health::problems(&state.app).await;
    if state.stopping.is_cancelled() {
        problems.push("server: it is stopping".to_owned());
    }
    let degraded = app::health::degraded(&state.app);
    let (status, text) = match (problems.is_empty(), degraded.is_empty()) {
        (true, true) => (StatusCode::OK, "ok"),
        (true, false) => (StatusCode::OK, "degraded"),
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    problems.extend(degraded);
    (status, Json(Health { status: text, version: state.app.config.version.clone(), problems })).into_response()
}

/// Figures for Prometheus. With `BRIGHTRUN_METRICS_TOKEN` set it takes that as a bearer token; without, it answers programs on the server's
/// own machine only, and nothing that came through a proxy.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "server", security(("metricsToken" = []), ()),
    responses(
        (
            status = 200, description = "Prometheus text format", body = String, content_type = "text/plain",
            example = "# HELP brightrun_users Accounts.\n# TYPE brightrun_users gauge\nbrightrun_users 3\n"
        ),
        Failures
    ),
    extensions(("x-codes" = json!(["UNAUTHORIZED", "METRICS_CLOSED"])))
)]
pub async fn metrics(_: Scraper, State(state): State<ApiState>) -> Result<Response, ApiError> {
    let figures = app::health::figures(&state.app).await?;
    let text = crate::telemetry::render(&figures, &state.telemetry);
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}
