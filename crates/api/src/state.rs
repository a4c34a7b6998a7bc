//! What the handlers share.

use crate::extract::TrustedProxies;
use crate::limits::{Limiter, RateLimits};
use crate::telemetry::Telemetry;
use app::App;
use std::borrow::Cow;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Gives a file of the web page by its path without a leading slash; `index.html` is the page itself, and what lies below `assets/` has a
/// hash of its content in its name.
pub type PageFile = fn(&str) -> Option<Cow<'static, [u8]>>;

/// Settings of the HTTP side.
#[derive(Debug, Clone)]
pub struct Options {
    /// Rate limits.
    pub rate_limits: RateLimits,
    /// Proxies whose word on a client's address counts.
    pub trusted_proxies: TrustedProxies,
    /// The web page.
    pub page: PageFile,
    /// Cancelled when the server stops: event streams end, so that their connections can be closed.
    pub stopping: CancellationToken,
    /// What `/metrics` asks for as a bearer token; without it, only programs on this machine may read it.
    pub metrics_token: Option<String>,
}

/// What the handlers share.
#[derive(Clone)]
pub struct ApiState {
    /// The use cases.
    pub app: Arc<App>,
    /// The web page.
    pub page: PageFile,
    /// Rate limits.
    pub limits: Arc<Limiter>,
    /// Proxies whose word on a client's address counts.
    pub trusted_proxies: Arc<TrustedProxies>,
    /// Counts requests.
    pub telemetry: Arc<Telemetry>,
    /// Cancelled when the server stops.
    pub stopping: CancellationToken,
    /// What `/metrics` asks for.
    pub metrics_token: Option<Arc<str>>,
}

impl ApiState {
    /// The state of a server over `app`.
    pub fn new(app: Arc<App>, options: Options) -> Self {
        Self {
            limits: Arc::new(Limiter::new(options.rate_limits, app.relay.clone())),
            app,
            page: options.page,
            trusted_proxies: Arc::new(options.trusted_proxies),
            telemetry: Arc::default(),
            stopping: options.stopping,
            metrics_token: options.metrics_token.map(Into::into),
        }
    }
}
