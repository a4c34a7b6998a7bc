//! Token buckets that all processes take from.

use super::Relay;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Fills the bucket up to now, takes a token where there is a whole one, and keeps what is left until it would be full anyway. The time is
/// Redis's own, so that the processes' clocks do not matter.
static TAKE: LazyLock<redis::Script> = LazyLock::new(|| {
    redis::Script::new(
        r"
        local quota, window = tonumber(ARGV[1]), tonumber(ARGV[2])
        local time = redis.call('TIME')
        local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
        local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
        local tokens, at = tonumber(kept[1]) or quota, tonumber(kept[2]) or now
        tokens = math.min(quota, tokens + math.max(0, now - at) * quota / window)
        local allowed = 0
        if tokens >= 1 then
            tokens, allowed = tokens - 1, 1
        end
        redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', now))
        redis.call('EXPIRE', KEYS[1], window)
        return {allowed, string.format('%.6f', tokens)}
        ",
    )
});

/// What came of taking from a bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taken {
    /// Whether there was a token.
    pub allowed: bool,
    /// What is left.
    pub left: f64,
}

impl Relay {
    /// Takes a token from the bucket `name` of `whose`, which holds `quota` and fills up in `window` seconds. None where Redis does not
    /// answer. Whose it is is not kept: only a hash of it is.
    pub async fn take(&self, name: &str, whose: &str, quota: u32, window: u32) -> Option<Taken> {
        let mut connection = self.0.connection.clone();
        let whose = hex::encode(&Sha256::digest(whose)[..16]);
        let take = async move {
            let mut call = TAKE.key(format!("brightrun:rate:{name}:{whose}"));
            call.arg(quota).arg(window).invoke_async::<(u8, f64)>(&mut connection).await
        };
        let (allowed, left) = self.ask(take).await?;
        Some(Taken { allowed: allowed == 1, left })
    }
}
