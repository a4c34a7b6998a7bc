//! The signature of requests that a cluster makes to the platform by itself: HMAC-SHA256 over time and body, under the attempt's own key.
//!
//! Headers: `x-brightrun-timestamp` is the time of sending in seconds since 1970, `x-brightrun-signature` is `v1=` and the HMAC of
//! `{timestamp}.{body}` in hex. A request whose time is further than [`WINDOW`] from the receiver's clock is refused, so a recorded one
//! is of no use later; within the window events are taken in once by their number.

use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Header with the time of sending.
pub const TIMESTAMP_HEADER: &str = "x-brightrun-timestamp";
/// Header with the signature.
pub const SIGNATURE_HEADER: &str = "x-brightrun-signature";
/// How far the time of sending may be from the receiver's clock, before or after.
pub const WINDOW: Duration = Duration::minutes(5);

const VERSION: &str = "v1=";

/// Why a signed request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// A header is missing or is not what it should be, or the signature is of other content or another key.
    #[error("the signature is missing or wrong")]
    Signature,
    /// It was sent too long ago, or a clock is wrong.
    #[error("the request was signed at another time; check the clocks of both machines")]
    Time,
}

/// The values of both headers for a body sent at `now`.
pub fn sign(secret: &str, now: DateTime<Utc>, body: &[u8]) -> (String, String) {
    let timestamp = now.timestamp().to_string();
    let signature = mac(secret, &timestamp, body).map(|mac| hex::encode(mac.finalize().into_bytes())).unwrap_or_default();
    (timestamp, format!("{VERSION}{signature}"))
}

/// Checks a request at `now`.
///
/// # Errors
/// Why it is refused. The signature is looked at first, so that the clock is told only to those who have the key.
pub fn verify(secret: &str, timestamp: &str, signature: &str, body: &[u8], now: DateTime<Utc>) -> Result<(), CallbackError> {
    let given = signature.strip_prefix(VERSION).and_then(|text| hex::decode(text).ok()).ok_or(CallbackError::Signature)?;
    let mac = mac(secret, timestamp, body).ok_or(CallbackError::Signature)?;
    mac.verify_slice(&given).map_err(|_| CallbackError::Signature)?;
    let sent = timestamp.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).ok_or(CallbackError::Signature)?;
    if (now - sent).abs() > WINDOW { Err(CallbackError::Time) } else { Ok(()) }
}

fn mac(secret: &str, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_body_at_about_the_same_time_under_the_same_key_is_accepted() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
        let (timestamp, signature) = sign("key", now, b"{}");
        let check = |secret, timestamp: &str, signature: &str, body: &[u8], seconds| {
            verify(secret, timestamp, signature, body, now + Duration::seconds(seconds))
        };
        for seconds in [-300, 0, 300] {
            assert_eq!(check("key", &timestamp, &signature, b"{}", seconds), Ok(()));
        }
        for seconds in [-301, 301] {
            assert_eq!(check("key", &timestamp, &signature, b"{}", seconds), Err(CallbackError::Time));
        }
        assert_eq!(check("other", &timestamp, &signature, b"{}", 0), Err(CallbackError::Signature));
        assert_eq!(check("key", &timestamp, &signature, b"{ }", 0), Err(CallbackError::Signature));
        assert_eq!(check("key", "1700000001", &signature, b"{}", 0), Err(CallbackError::Signature));
        for wrong in ["", "v1=", "v1=zz", "v2=00", &signature[..20]] {
            assert_eq!(check("key", &timestamp, wrong, b"{}", 0), Err(CallbackError::Signature), "{wrong}");
        }
        assert_eq!(check("key", "", "v1=00", b"{}", 0), Err(CallbackError::Signature));
    }
}
