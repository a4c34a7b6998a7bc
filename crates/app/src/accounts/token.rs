//! Session tokens: a JWT that names a session row.

use db::sessions::Session;
use domain::{Error, Result, SessionId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Claims {
    /// The account.
    sub: uuid::Uuid,
    /// The session.
    sid: uuid::Uuid,
    iat: i64,
    exp: i64,
}

/// A token for a session.
///
/// # Errors
/// Never with a secret that is a byte string.
pub(super) fn sign(secret: &[u8], session: &Session) -> Result<String> {
    let claims = Claims {
        sub: session.user_id.uuid(),
        sid: session.id.uuid(),
        iat: session.created_at.timestamp(),
        exp: session.expires_at.timestamp(),
    };
    encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret)).map_err(Error::internal)
}

/// The session that a token names; none where the token was not signed by us. When the session ends is for its row to say.
pub(super) fn session_id(secret: &[u8], token: &str) -> Option<SessionId> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    let data = decode::<Claims>(token, &DecodingKey::from_secret(secret), &validation).ok()?;
    Some(SessionId(data.claims.sid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::UserId;

    #[test]
    fn only_our_own_tokens_are_read() {
        let (id, at) = (SessionId(uuid::Uuid::from_u128(7)), DateTime::UNIX_EPOCH);
        let session = Session {
            id,
            user_id: UserId(uuid::Uuid::from_u128(1)),
            created_at: at,
            expires_at: at,
            revoked_at: None,
            last_seen_at: None,
            user_agent: None,
            address_prefix: None,
        };
        let secret = b"0123456789abcdef0123456789abcdef";
        let token = sign(secret, &session).expect("signed");
        assert_eq!(session_id(secret, &token), Some(id));
        assert_eq!(session_id(b"another secret, as long as this.", &token), None);
        assert_eq!(session_id(secret, "not.a.token"), None);
        // The algorithm `none`, unsigned.
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", token.split('.').nth(1).expect("claims"));
        assert_eq!(session_id(secret, &unsigned), None);
    }
}
