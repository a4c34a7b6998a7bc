//! Rate limits: token buckets in this process.

use crate::error::ApiError;
use domain::UserId;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// Requests a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Signups and logins of one address.
    pub logins: u32,
    /// Unsafe requests of one account.
    pub writes: u32,
    /// Safe requests of one account.
    pub reads: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { logins: 10, writes: 120, reads: 1200 }
    }
}

/// Which limit a request of an account counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Budget {
    /// Safe requests.
    Read,
    /// Unsafe requests.
    Write,
}

/// The buckets of this process.
#[derive(Debug)]
pub struct Limiter {
    limits: RateLimits,
    users: Buckets<(Budget, UserId)>,
    addresses: Buckets<String>,
}

impl Limiter {
    /// Full buckets.
    pub fn new(limits: RateLimits) -> Self {
        Self { limits, users: Buckets::default(), addresses: Buckets::default() }
    }

    /// Counts a request of an account.
    ///
    /// # Errors
    /// When the account has used up its minute.
    pub fn check_user(&self, budget: Budget, user: UserId) -> Result<(), ApiError> {
        let limit = match budget {
            Budget::Read => self.limits.reads,
            Budget::Write => self.limits.writes,
        };
        self.users.take((budget, user), limit)
    }

    /// Counts a signup or login of an address.
    ///
    /// # Errors
    /// When the address has used up its minute.
    pub fn check_address(&self, address: &str) -> Result<(), ApiError> {
        self.addresses.take(address.to_owned(), self.limits.logins)
    }
}

/// More buckets than this are swept of full ones.
const SWEEP_AT: usize = 10_000;

#[derive(Debug)]
struct Buckets<K>(Mutex<HashMap<K, Bucket>>);

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl<K: Eq + Hash> Buckets<K> {
    fn take(&self, key: K, per_minute: u32) -> Result<(), ApiError> {
        let now = Instant::now();
        let capacity = f64::from(per_minute.max(1));
        let per_second = capacity / 60.0;
        // A poisoned lock only means that another request panicked; the numbers in it are still whole.
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() > SWEEP_AT {
            buckets.retain(|_, bucket| now.duration_since(bucket.at).as_secs() < 60);
        }
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: capacity, at: now });
        bucket.tokens = (bucket.tokens + now.duration_since(bucket.at).as_secs_f64() * per_second).min(capacity);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(ApiError::rate_limited(seconds_until((1.0 - bucket.tokens) / per_second)))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 60 seconds, never negative")]
fn seconds_until(seconds: f64) -> u64 {
    seconds.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_bucket_empties_and_fills_again() {
        let limiter = Limiter::new(RateLimits { logins: 3, ..RateLimits::default() });
        for _ in 0..3 {
            assert!(limiter.check_address("a").is_ok());
        }
        assert!(limiter.check_address("a").is_err());
        assert!(limiter.check_address("b").is_ok());
        tokio::time::advance(Duration::from_secs(20)).await;
        assert!(limiter.check_address("a").is_ok());
        assert!(limiter.check_address("a").is_err());
    }
}
