//! Making things once: a creating request with an `Idempotency-Key` that comes again makes nothing new.

use crate::App;
use chrono::Duration;
use db::idempotency::{RequestKey, Reservation};
use domain::{Caller, Error, Result};
use sha2::{Digest, Sha256};
use std::fmt::Display;
use std::str::FromStr;

/// After this long a creation that never ended is forgotten.
const ABANDONED_MINUTES: i64 = 5;

/// What became of a creating request.
pub(crate) enum Once<T, I> {
    /// It was made now.
    Now(T),
    /// The same request made the thing with this id before.
    Before(I),
}

/// Makes something. With a key the same request to `route` makes it once; `request` are its fields, in any form that tells requests
/// apart, and `id` names what was made.
pub(crate) async fn once<T, I: Display + FromStr<Err = uuid::Error>>(
    app: &App,
    caller: &Caller,
    route: String,
    (key, request): (Option<&str>, &str),
    make: impl Future<Output = Result<T>>,
    id: impl Fn(&T) -> I,
) -> Result<Once<T, I>> {
    let Some(key) = key else { return make.await.map(Once::Now) };
    let key = RequestKey { user_id: caller.user_id, route, key: key.to_owned() };
    let fingerprint = hex::encode(Sha256::digest(request.as_bytes()));
    let abandoned = Duration::minutes(ABANDONED_MINUTES);
    match db::idempotency::reserve(&app.db, &key, &fingerprint, abandoned, app.clock.now()).await? {
        Reservation::New => match make.await {
            Ok(made) => {
                db::idempotency::complete(&app.db, &key, 201, &id(&made).to_string()).await?;
                Ok(Once::Now(made))
            }
            Err(error) => {
                db::idempotency::release(&app.db, &key).await?;
                Err(error)
            }
        },
        Reservation::Answered { body, .. } => body.parse().map(Once::Before).map_err(Error::internal),
        Reservation::InProgress => {
            Err(Error::conflict("REQUEST_IN_PROGRESS", "The same request is being answered; try again in a moment."))
        }
        Reservation::Mismatch => {
            let message = "This Idempotency-Key was used for another request; use a new one.";
            Err(Error::conflict("IDEMPOTENCY_KEY_REUSED", message).with_field("Idempotency-Key"))
        }
    }
}
