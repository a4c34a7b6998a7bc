//! Passwords: which are accepted, and how they are kept.
//!
//! Argon2id with the first choice of OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::{Error, Result};
use rand::RngCore;
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// Characters at least.
const MIN_CHARACTERS: usize = 10;
/// Characters at most: a bound on the work of a request.
const MAX_CHARACTERS: usize = 1024;
/// One a line, in lower case; shorter ones are refused by their length.
const COMMON: &str = include_str!("common_passwords.txt");
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at a time, so that a flood of logins waits for its turn and does not take all memory: 76 MiB at most.
static PLACES: Semaphore = Semaphore::const_new(4);

/// Checked against where there is no account, so that an unknown address takes as long as a wrong password.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash_now("nobody has this password").ok());

/// Whether a password may be used by the account with this address.
///
/// # Errors
/// When it is too short, too long, common, or the address itself.
pub(super) fn check(password: &str, email: &str) -> Result<()> {
    let refuse = |message: &str| Err(Error::invalid("password", message));
    if password.chars().count() < MIN_CHARACTERS {
        return refuse("The password must have at least 10 characters.");
    }
    if password.chars().count() > MAX_CHARACTERS {
        return refuse("The password may have at most 1024 characters.");
    }
    let lower = password.to_lowercase();
    let mut characters = lower.chars();
    let first = characters.next();
    if COMMON.lines().any(|common| common == lower) || characters.all(|c| Some(c) == first) {
        return refuse("This password is among the most common ones; choose another.");
    }
    if lower == email || email.split('@').next() == Some(lower.as_str()) {
        return refuse("The password must not be the e-mail address.");
    }
    Ok(())
}

/// Hashes a password away from the threads that answer requests.
///
/// # Errors
/// When the machine cannot give the memory.
pub(super) async fn hash(password: String) -> Result<String> {
    with_place(move || hash_now(&password)).await
}

/// Whether a password fits a hash; without one the same work is done for nothing.
///
/// # Errors
/// When the hash that was kept cannot be read.
pub(super) async fn verify(password: String, hash: Option<String>) -> Result<bool> {
    with_place(move || {
        let known = hash.is_some();
        // Longer ones were never accepted, and would only cost time.
        let fits = password.len() <= MAX_CHARACTERS;
        let Some(hash) = hash.or_else(|| NOBODY.clone()) else { return Ok(false) };
        let parsed = PasswordHash::new(&hash).map_err(|e| Error::internal(e.to_string()))?;
        let right = fits && hasher()?.verify_password(password.as_bytes(), &parsed).is_ok();
        Ok(right && known)
    })
    .await
}

/// The work on a thread of its own, when one of the places is free. Whoever goes away meanwhile does not free the place early.
async fn with_place<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let place = PLACES.acquire().await.map_err(Error::internal)?;
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(place);
        done
    });
    done.await.map_err(Error::internal)?
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| Error::internal(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String> {
    let mut bytes = [0_u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    let salt = SaltString::encode_b64(&bytes).map_err(|e| Error::internal(e.to_string()))?;
    let hash = hasher()?.hash_password(password.as_bytes(), &salt).map_err(|e| Error::internal(e.to_string()))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_common_and_own_passwords_are_refused() {
        for bad in ["short", "password123", "Qwertyuiop", "aaaaaaaaaaaa", "ada.lovelace@example.org", "Ada.Lovelace"] {
            assert_eq!(check(bad, "ada.lovelace@example.org").expect_err(bad).field.as_deref(), Some("password"));
        }
        assert!(check("correct horse battery", "ada@example.org").is_ok());
        assert!(COMMON.lines().count() >= 200);
        assert!(COMMON.lines().all(|line| line.len() >= MIN_CHARACTERS && line == line.to_lowercase()));
    }

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let kept = hash("correct horse battery".to_owned()).await.expect("hashed");
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify("correct horse battery".to_owned(), Some(kept.clone())).await.expect("checked"));
        assert!(!verify("correct horse batterx".to_owned(), Some(kept)).await.expect("checked"));
        assert!(!verify("nobody has this password".to_owned(), None).await.expect("checked"));
    }
}
