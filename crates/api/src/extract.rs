//! What handlers take from a request: the caller, JSON bodies, query parameters, ids and pages. All of them refuse with the API's own
//! errors.

mod address;
mod auth;
mod headers;
mod input;

pub use address::{Guarded, TrustedProxies};
pub use auth::{Auth, AuthAccount, SESSION_COOKIE, Scraper};
pub use headers::{IdempotencyKey, LastEventId, SignedBody, Upload};
pub use input::{Id, Input, MAX_PAGE, Numbered, OptionalInput, Paging, Params, one_of, ternary, text_filter};
