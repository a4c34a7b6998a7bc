//! What is kept encrypted: texts that could be used by whoever reads the database, such as webhooks' secrets and mails that wait.
//!
//! XChaCha20-Poly1305 with a random nonce, under a key that HKDF-SHA256 makes from the server's secret for each purpose. The row's id is
//! authenticated with the text, so that a sealed text cannot be moved to another row.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use domain::{Error, Result};
use hkdf::Hkdf;
use sha2::Sha256;
use uuid::Uuid;

const NONCE_BYTES: usize = 24;
const SALT: &[u8] = b"brightrun sealed 1";

fn cipher(auth_secret: &[u8], purpose: &str) -> Result<XChaCha20Poly1305> {
    let mut key = [0; 32];
    let expanded = Hkdf::<Sha256>::new(Some(SALT), auth_secret).expand(purpose.as_bytes(), &mut key);
    expanded.map_err(|_| Error::internal("a key of 32 bytes could not be made"))?;
    XChaCha20Poly1305::new_from_slice(&key).map_err(|_| Error::internal("a key of 32 bytes was refused"))
}

/// Encrypts a text for row `id`.
///
/// # Errors
/// When it is beyond what the cipher takes, which no text here is.
pub fn seal(auth_secret: &[u8], purpose: &str, id: Uuid, text: &[u8]) -> Result<String> {
    let nonce: [u8; NONCE_BYTES] = rand::random();
    let payload = Payload { msg: text, aad: id.as_bytes() };
    let sealed = cipher(auth_secret, purpose)?.encrypt(&XNonce::from(nonce), payload);
    let sealed = sealed.map_err(|_| Error::internal("a text could not be encrypted"))?;
    Ok(STANDARD.encode([&nonce[..], &sealed[..]].concat()))
}

/// Decrypts the text of row `id`.
///
/// # Errors
/// When it was sealed under another secret, for another purpose or row, or was changed since.
pub fn open(auth_secret: &[u8], purpose: &str, id: Uuid, sealed: &str) -> Result<Vec<u8>> {
    let failed = || Error::internal("a sealed text cannot be opened: AUTH_SECRET is not the one that it was sealed under");
    let bytes = STANDARD.decode(sealed).map_err(|_| failed())?;
    let (nonce, text) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or_else(failed)?;
    let payload = Payload { msg: text, aad: id.as_bytes() };
    cipher(auth_secret, purpose)?.decrypt(&XNonce::from(*nonce), payload).map_err(|_| failed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_opens_in_its_own_place_only() {
        let (secret, id) = ([7; 32], Uuid::from_u128(1));
        let sealed = seal(&secret, "test", id, b"whsec_x").expect("sealed");
        assert!(!sealed.contains("whsec"));
        assert_eq!(open(&secret, "test", id, &sealed).expect("opened"), b"whsec_x");
        assert_ne!(seal(&secret, "test", id, b"whsec_x").expect("sealed"), sealed, "never twice the same");
        assert!(open(&[8; 32], "test", id, &sealed).is_err());
        assert!(open(&secret, "other", id, &sealed).is_err());
        assert!(open(&secret, "test", Uuid::from_u128(2), &sealed).is_err());
        assert!(open(&secret, "test", id, "AAAA").is_err());
    }
}
