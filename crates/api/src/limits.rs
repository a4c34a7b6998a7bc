//! Rate limits: token buckets, shared by all processes where Redis is set and answers, else in this process. Answers say how the caller stands in the headers `RateLimit-Policy` and `RateLimit`
//! (draft-ietf-httpapi-ratelimit-headers-10), and `Retry-After` where it was too much.

use crate::error::ApiError;
use app::relay::Relay;
use domain::UserId;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// Requests a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Attempts of one address: signups, logins, and whatever else could be guessed with.
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

/// Which limit a request counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Budget {
    /// Attempts of an address.
    Attempt,
    /// Logins to one account, wherever they come from.
    Account,
    /// Safe requests.
    Read,
    /// Unsafe requests.
    Write,
}

impl Budget {
    const fn name(self) -> &'static str {
        match self {
            Self::Attempt => "attempts",
            Self::Account => "logins",
            Self::Read => "reads",
            Self::Write => "writes",
        }
    }
}

/// Seconds in which the whole quota comes back.
const WINDOW: u32 = 60;
/// How many addresses may use up their attempts on one account before the account itself is slowed down.
const ADDRESSES_AN_ACCOUNT: u32 = 3;

/// How a caller stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    budget: Budget,
    quota: u32,
    remaining: u64,
    /// Seconds until the next one is accepted where none remains, else until all of the quota is back.
    reset: u64,
}

impl Stand {
    /// Adds the headers that say it.
    pub fn tell(self, headers: &mut HeaderMap) {
        let name = self.budget.name();
        let policy = format!("\"{name}\";q={};w={WINDOW}", self.quota);
        let now = format!("\"{name}\";r={};t={}", self.remaining, self.reset);
        for (header, text) in [("ratelimit-policy", policy), ("ratelimit", now)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(HeaderName::from_static(header), value);
            }
        }
    }
}

/// Where the limiter leaves a note for the answer. A request's extension.
#[derive(Debug, Clone, Default)]
pub struct RateNote(Arc<Mutex<Option<Stand>>>);

impl RateNote {
    /// What was noted last.
    pub fn stand(&self) -> Option<Stand> {
        *lock(&self.0)
    }
}

/// The buckets.
#[derive(Debug)]
pub struct Limiter {
    limits: RateLimits,
    shared: Option<Relay>,
    users: Buckets<(Budget, UserId)>,
    addresses: Buckets<Option<IpAddr>>,
    accounts: Buckets<String>,
}

impl Limiter {
    /// Full buckets.
    pub fn new(limits: RateLimits, shared: Option<Relay>) -> Self {
        Self { limits, shared, users: Buckets::default(), addresses: Buckets::default(), accounts: Buckets::default() }
    }

    /// Counts a request of an account.
    ///
    /// # Errors
    /// When the account has used up its minute.
    pub async fn check_user(&self, budget: Budget, user: UserId, note: Option<&RateNote>) -> Result<(), ApiError> {
        let limit = if budget == Budget::Read { self.limits.reads } else { self.limits.writes };
        match self.shared(budget, limit, || user.to_string()).await {
            Some(stand) => stand.settle(note),
            None => self.users.take((budget, user), budget, limit).settle(note),
        }
    }

    /// Counts an attempt of an address; all those whose address is not known share one bucket.
    ///
    /// # Errors
    /// When the address has used up its minute.
    pub async fn check_address(&self, address: Option<IpAddr>, note: Option<&RateNote>) -> Result<(), ApiError> {
        let (network, limit) = (address.map(network), self.limits.logins);
        match self.shared(Budget::Attempt, limit, || network.map_or_else(String::new, |network| network.to_string())).await {
            Some(stand) => stand.settle(note),
            None => self.addresses.take(network, Budget::Attempt, limit).settle(note),
        }
    }

    /// Counts a login to an account, whether there is one or not.
    ///
    /// # Errors
    /// When too many were tried, from whatever addresses.
    pub async fn check_account(&self, email: &str) -> Result<(), ApiError> {
        let (email, limit) = (email.trim().to_lowercase(), self.limits.logins.saturating_mul(ADDRESSES_AN_ACCOUNT));
        match self.shared(Budget::Account, limit, || email.clone()).await {
            Some(stand) => stand.settle(None),
            None => self.accounts.take(email, Budget::Account, limit).settle(None),
        }
    }

    /// What came of taking from the bucket that all processes share; none where there is none, or it cannot be reached now.
    async fn shared(&self, budget: Budget, per_minute: u32, whose: impl FnOnce() -> String) -> Option<Outcome> {
        let relay = self.shared.as_ref()?;
        let quota = per_minute.max(1);
        let taken = relay.take(budget.name(), &whose(), quota, WINDOW).await?;
        Some(Outcome::new(budget, quota, taken.allowed, taken.left))
    }
}

/// What came of taking from a bucket.
struct Outcome {
    allowed: bool,
    stand: Stand,
}

impl Outcome {
    fn new(budget: Budget, quota: u32, allowed: bool, left: f64) -> Self {
        let wanted = if left < 1.0 { 1.0 } else { f64::from(quota) };
        let reset = whole((wanted - left) * f64::from(WINDOW) / f64::from(quota)).max(1);
        Self { allowed, stand: Stand { budget, quota, remaining: whole(left.floor()), reset } }
    }

    fn settle(self, note: Option<&RateNote>) -> Result<(), ApiError> {
        if let Some(note) = note {
            *lock(&note.0) = Some(self.stand);
        }
        if self.allowed { Ok(()) } else { Err(ApiError::rate_limited(self.stand.reset)) }
    }
}

/// What one client has at its hands: an IPv4 address, or an IPv6 /64.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
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
    fn take(&self, key: K, budget: Budget, per_minute: u32) -> Outcome {
        let now = Instant::now();
        let quota = per_minute.max(1);
        let per_second = f64::from(quota) / f64::from(WINDOW);
        let mut buckets = lock(&self.0);
        if buckets.len() > SWEEP_AT {
            buckets.retain(|_, bucket| now.duration_since(bucket.at).as_secs() < u64::from(WINDOW));
        }
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: f64::from(quota), at: now });
        bucket.tokens = (bucket.tokens + now.duration_since(bucket.at).as_secs_f64() * per_second).min(f64::from(quota));
        bucket.at = now;
        let allowed = bucket.tokens >= 1.0;
        if allowed {
            bucket.tokens -= 1.0;
        }
        Outcome::new(budget, quota, allowed, bucket.tokens)
    }
}

/// A poisoned lock only means that another request panicked; what it guards is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and never negative")]
fn whole(number: f64) -> u64 {
    number.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn limiter() -> Limiter {
        Limiter::new(RateLimits { logins: 3, ..RateLimits::default() }, None)
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_empties_and_fills_again() {
        let (limiter, note) = (limiter(), RateNote::default());
        let attempt = async |address: &str| limiter.check_address(address.parse().ok(), Some(&note)).await;
        let told = || {
            let mut headers = HeaderMap::new();
            note.stand().expect("noted").tell(&mut headers);
            headers["ratelimit"].to_str().expect("text").to_owned()
        };
        for left in [2, 1] {
            assert!(attempt("192.0.2.1").await.is_ok());
            assert!(told().starts_with(&format!("\"attempts\";r={left};t=")), "{}", told());
        }
        assert!(attempt("192.0.2.1").await.is_ok());
        assert_eq!(told(), "\"attempts\";r=0;t=20");
        assert!(attempt("192.0.2.1").await.is_err());
        assert!(attempt("192.0.2.2").await.is_ok());
        tokio::time::advance(Duration::from_secs(20)).await;
        assert!(attempt("192.0.2.1").await.is_ok());
        assert!(attempt("192.0.2.1").await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_cannot_move_through_its_own_network_nor_guess_from_many() {
        let limiter = limiter();
        for host in 1..=3 {
            assert!(limiter.check_address(format!("2001:db8::{host}").parse().ok(), None).await.is_ok());
        }
        assert!(limiter.check_address("2001:db8::4".parse().ok(), None).await.is_err());
        for _ in 0..9 {
            assert!(limiter.check_account("ada@example.org").await.is_ok());
        }
        assert!(limiter.check_account(" ADA@example.org").await.is_err());
        assert!(limiter.check_account("bob@example.org").await.is_ok());
    }
}
