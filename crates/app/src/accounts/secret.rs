//! Secrets that are made here and given to somebody once: API keys, and tokens in links. Each has 256 random bits, so that a plain hash of it
//! is enough to keep: nobody can try them all.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;
use sha2::{Digest, Sha256};

/// A secret with what is kept of it.
pub(crate) struct Secret {
    /// Given to its holder, once.
    pub shown: String,
    /// Kept.
    pub hash: String,
}

/// A new secret that begins with `prefix`.
pub(crate) fn new(prefix: &str) -> Secret {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    let shown = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes));
    Secret { hash: hash(&shown), shown }
}

/// What is kept of a secret.
pub(crate) fn hash(shown: &str) -> String {
    hex::encode(Sha256::digest(shown.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_are_kept_as_hashes() {
        let (one, two) = (new("br_"), new("br_"));
        assert!(one.shown.starts_with("br_") && one.shown.len() == 46 && one.shown != two.shown);
        assert_eq!((one.hash.clone(), one.hash.len()), (hash(&one.shown), 64));
    }
}
