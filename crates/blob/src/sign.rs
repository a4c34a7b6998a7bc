//! Signed URLs of the local folder: HMAC-SHA-256 over method, key, size, expiry and file name.

use crate::key::Key;
use crate::store::SizeLimit;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;

/// Path under which signed URLs are served.
pub(crate) const PATH: &str = "/storage/";

/// What a signed URL allows the request that came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// Store the body under this key.
    Upload {
        /// The key.
        key: Key,
        /// As much as was signed.
        limit: SizeLimit,
    },
    /// Read this object.
    Download {
        /// The key.
        key: Key,
        /// Name to save it as.
        file_name: String,
    },
}

/// Why a request for a signed URL is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A part is missing or of the wrong form.
    #[error("the URL is not a complete signed URL: {0}; ask for a new one")]
    Malformed(&'static str),
    /// It was altered, or signed by somebody else.
    #[error("the URL's signature does not match; ask for a new one")]
    Invalid,
    /// It is too late.
    #[error("the URL was valid until {0}; ask for a new one")]
    Expired(DateTime<Utc>),
    /// It allows another method.
    #[error("the URL allows {allowed} only")]
    Method {
        /// The method that it allows.
        allowed: String,
    },
    /// The body has another size than was signed.
    #[error("the URL allows {signed} bytes, the request announces {announced}; start the upload again with the file's real size")]
    Size {
        /// Bytes that it allows.
        signed: u64,
        /// Bytes that the request announces.
        announced: u64,
    },
    /// Signed URLs of this store lead elsewhere.
    #[error("files are not served here")]
    NotServedHere,
}

/// The fields that a signature covers.
struct Signed<'a> {
    method: &'a str,
    key: &'a str,
    size: &'a str,
    expires: &'a str,
    name: &'a str,
}

/// Signs and checks.
#[derive(Clone)]
pub(crate) struct Signer {
    mac: Hmac<Sha256>,
    public_url: String,
}

impl Signer {
    /// With a secret of any length; 32 random bytes are right.
    pub(crate) fn new(secret: &[u8], public_url: &str) -> Result<Self, SignatureError> {
        let mac = Hmac::new_from_slice(secret).map_err(|_| SignatureError::Malformed("the secret"))?;
        Ok(Self { mac, public_url: public_url.trim_end_matches('/').to_owned() })
    }

    fn over(&self, signed: &Signed<'_>) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(b"brightrun storage url 1");
        for field in [signed.method, signed.key, signed.size, signed.expires, signed.name] {
            // With its length in front no field can be mistaken for a part of its neighbour.
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field.as_bytes());
        }
        mac
    }

    pub(crate) fn url(&self, method: &str, key: &Key, limit: Option<SizeLimit>, name: &str, expires_at: DateTime<Utc>) -> String {
        let (size, expires) = (limit.map(size_text).unwrap_or_default(), expires_at.timestamp().to_string());
        let signed = Signed { method, key: key.as_str(), size: &size, expires: &expires, name };
        let signature = hex::encode(self.over(&signed).finalize().into_bytes());
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("method", method);
        for (field, value) in [("size", &*size), ("name", name)] {
            if !value.is_empty() {
                query.append_pair(field, value);
            }
        }
        query.append_pair("expires", &expires).append_pair("sig", &signature);
        format!("{}{PATH}{key}?{}", self.public_url, query.finish())
    }

    pub(crate) fn verify(
        &self,
        method: &str,
        key: &str,
        query: &str,
        content_length: Option<u64>,
        now: DateTime<Utc>,
    ) -> Result<Grant, SignatureError> {
        let fields: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).collect();
        let field = |name: &str| fields.get(name).map(AsRef::as_ref).unwrap_or_default();
        let (signed_method, size, expires, name) = (field("method"), field("size"), field("expires"), field("name"));
        let signature = hex::decode(field("sig")).map_err(|_| SignatureError::Malformed("sig is not in hex"))?;
        let signed = Signed { method: signed_method, key, size, expires, name };
        self.over(&signed).verify_slice(&signature).map_err(|_| SignatureError::Invalid)?;

        let key = Key::parse(key).map_err(|_| SignatureError::Malformed("the path is no key"))?;
        let expires = expires.parse().ok().and_then(|s| DateTime::from_timestamp(s, 0)).ok_or(SignatureError::Malformed("expires"))?;
        if now >= expires {
            return Err(SignatureError::Expired(expires));
        }
        match (signed_method, method) {
            ("PUT", "PUT") => {
                let limit = size_limit(size).ok_or(SignatureError::Malformed("size"))?;
                match (content_length, limit) {
                    (Some(announced), SizeLimit::Exactly(signed)) if announced != signed => Err(SignatureError::Size { signed, announced }),
                    (Some(announced), SizeLimit::AtMost(signed)) if announced > signed => Err(SignatureError::Size { signed, announced }),
                    _ => Ok(Grant::Upload { key, limit }),
                }
            }
            ("GET", "GET" | "HEAD") => Ok(Grant::Download { key, file_name: name.to_owned() }),
            _ => Err(SignatureError::Method { allowed: signed_method.to_owned() }),
        }
    }
}

/// A limit as it stands in a URL: a number of bytes, with a minus in front where it is the most that is accepted.
fn size_text(limit: SizeLimit) -> String {
    match limit {
        SizeLimit::Exactly(size) => size.to_string(),
        SizeLimit::AtMost(size) => format!("-{size}"),
    }
}

fn size_limit(text: &str) -> Option<SizeLimit> {
    match text.strip_prefix('-') {
        Some(size) => size.parse().ok().map(SizeLimit::AtMost),
        None => text.parse().ok().map(SizeLimit::Exactly),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::seconds(seconds)
    }

    fn signer() -> Signer {
        Signer::new(&[7; 32], "http://localhost:1/").expect("signer")
    }

    fn check(url: &str, method: &str, length: Option<u64>, now: i64) -> Result<Grant, SignatureError> {
        let rest = url.strip_prefix("http://localhost:1/storage/").expect("prefix");
        let (key, query) = rest.split_once('?').expect("query");
        signer().verify(method, key, query, length, at(now))
    }

    #[test]
    fn an_upload_is_bound_to_method_size_and_time() {
        let key = Key::parse("datasets/u/d/dataset.jsonl").expect("key");
        let url = signer().url("PUT", &key, Some(SizeLimit::Exactly(10)), "", at(100));
        let grant = Grant::Upload { key, limit: SizeLimit::Exactly(10) };
        assert_eq!(check(&url, "PUT", Some(10), 99), Ok(grant.clone()));
        assert_eq!(check(&url, "PUT", None, 99), Ok(grant));
        assert_eq!(check(&url, "PUT", Some(11), 99), Err(SignatureError::Size { signed: 10, announced: 11 }));
        assert_eq!(check(&url, "GET", None, 99), Err(SignatureError::Method { allowed: "PUT".to_owned() }));
        assert_eq!(check(&url, "DELETE", None, 99), Err(SignatureError::Method { allowed: "PUT".to_owned() }));
        assert_eq!(check(&url, "PUT", Some(10), 100), Err(SignatureError::Expired(at(100))));
    }

    #[test]
    fn an_upload_of_unknown_size_is_bound_to_the_most_it_may_have() {
        let key = Key::parse("models/m/adapter_config.json").expect("key");
        let url = signer().url("PUT", &key, Some(SizeLimit::AtMost(10)), "", at(100));
        for length in [None, Some(0), Some(10)] {
            let limit = SizeLimit::AtMost(10);
            assert_eq!(check(&url, "PUT", length, 1), Ok(Grant::Upload { key: key.clone(), limit }));
        }
        assert_eq!(check(&url, "PUT", Some(11), 1), Err(SignatureError::Size { signed: 10, announced: 11 }));
        assert_eq!(check(&url.replace("size=-10", "size=-99"), "PUT", Some(11), 1), Err(SignatureError::Invalid));
    }

    #[test]
    fn nothing_signed_can_be_altered() {
        let key = Key::parse("models/m/adapter_model.safetensors").expect("key");
        let url = signer().url("GET", &key, None, "my adapter & more.safetensors", at(100));
        let file_name = "my adapter & more.safetensors".to_owned();
        assert_eq!(check(&url, "GET", None, 1), Ok(Grant::Download { key: key.clone(), file_name: file_name.clone() }));
        assert_eq!(check(&url, "HEAD", None, 1), Ok(Grant::Download { key, file_name }));
        for (from, to) in
            [("expires=100", "expires=999"), ("models/m/", "models/n/"), ("method=GET", "method=PUT"), ("my+", "your+"), ("sig=", "sig=00")]
        {
            assert!(url.contains(from), "{url}");
            assert_eq!(check(&url.replace(from, to), "GET", None, 1), Err(SignatureError::Invalid), "{from} to {to}");
        }
        let other = Signer::new(&[8; 32], "http://localhost:1").expect("signer");
        let forged = other.url("GET", &Key::parse("models/m/x.json").expect("key"), None, "", at(100));
        assert_eq!(check(&forged, "GET", None, 1), Err(SignatureError::Invalid));
        assert_eq!(check("http://localhost:1/storage/models/m/x.json?a=b", "GET", None, 1), Err(SignatureError::Invalid));
        assert!(matches!(check("http://localhost:1/storage/x?sig=zz", "GET", None, 1), Err(SignatureError::Malformed(_))));
    }
}
