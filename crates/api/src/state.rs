//! What the handlers share.

use crate::limits::{Limiter, RateLimits};
use app::App;
use bytes::Bytes;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A file of the web page.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its bytes.
    pub content: Bytes,
    /// Its media type.
    pub content_type: String,
    /// Whether its name holds a hash of its content, so that it may be kept for ever.
    pub immutable: bool,
}

/// The web page. `brightrun` embeds one; tests bring their own.
pub trait Page: Send + Sync {
    /// The file at `path`, without a leading slash; `index.html` is the page itself.
    fn asset(&self, path: &str) -> Option<Asset>;
}

/// Settings of the HTTP side.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings {
    /// Rate limits.
    pub rate_limits: RateLimits,
}

/// What the handlers share.
#[derive(Clone)]
pub struct ApiState {
    /// The use cases.
    pub app: Arc<App>,
    /// The web page.
    pub page: Arc<dyn Page>,
    /// Rate limits.
    pub limits: Arc<Limiter>,
    /// Cancelled when the server stops: streams end, so that connections can be closed.
    pub stopping: CancellationToken,
}

impl ApiState {
    /// The state of a server over `app` that shows `page`.
    pub fn new(app: Arc<App>, page: Arc<dyn Page>, settings: Settings, stopping: CancellationToken) -> Self {
        Self { app, page, limits: Arc::new(Limiter::new(settings.rate_limits)), stopping }
    }
}
