//! Signed URLs of a bucket: AWS Signature Version 4 in the query ("Authenticating requests: using query parameters", Amazon S3 API
//! reference). Ours, because the store's client signs no `content-length`, and the size of an upload has to be signed.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::time::Duration;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The body comes from somebody else, who does not sign it.
const PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Who signs, and where the bucket is.
pub(crate) struct Presigner {
    /// Access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// Region of the bucket.
    pub region: String,
    /// Scheme, host and port.
    pub origin: String,
    /// Host, and port where it is not the scheme's own.
    pub host: String,
    /// What stands before a key, with a slash at its end.
    pub path: String,
}

impl Presigner {
    /// The URL that allows `method` on `key`, from `now` on for `life`, with exactly these headers, whose names are in lower case, and
    /// these parameters.
    pub(crate) fn url(
        &self,
        method: &str,
        key: &str,
        headers: &[(&str, &str)],
        query: &[(&str, &str)],
        now: DateTime<Utc>,
        life: Duration,
    ) -> String {
        let (day, time) = (now.format("%Y%m%d").to_string(), now.format("%Y%m%dT%H%M%SZ").to_string());
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let mut headers: Vec<(&str, &str)> = [("host", self.host.as_str())].iter().chain(headers).copied().collect();
        headers.sort_unstable();
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");

        let (credential, seconds) = (format!("{}/{scope}", self.access_key_id), life.as_secs().to_string());
        let own = [
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &time),
            ("X-Amz-Expires", &seconds),
            ("X-Amz-SignedHeaders", &names),
        ];
        let mut query: Vec<String> =
            own.iter().chain(query).map(|(name, value)| format!("{}={}", encoded(name, ""), encoded(value, ""))).collect();
        query.sort_unstable();
        let query = query.join("&");

        let path = format!("{}{}", self.path, encoded(key, "/"));
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let request = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{PAYLOAD}");
        let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex::encode(Sha256::digest(request)));
        let signature = hex::encode(self.signature(&day, &to_sign));
        format!("{}{path}?{query}&X-Amz-Signature={signature}", self.origin)
    }

    fn signature(&self, day: &str, text: &str) -> Vec<u8> {
        let secret = format!("AWS4{}", self.secret_access_key).into_bytes();
        [day, &self.region, "s3", "aws4_request", text].iter().fold(secret, |key, part| mac(&key, part))
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // A key of any length is taken.
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Every byte in hex but for letters, digits, `-_.~` and those in `kept`.
fn encoded(text: &str, kept: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || kept.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presigner() -> Presigner {
        Presigner {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            region: "us-east-1".to_owned(),
            origin: "https://examplebucket.s3.amazonaws.com".to_owned(),
            host: "examplebucket.s3.amazonaws.com".to_owned(),
            path: "/".to_owned(),
        }
    }

    /// The example of Amazon's reference, "Example of Using Query Parameters": its expected signature is the last field.
    #[test]
    fn the_example_of_the_reference_comes_out() {
        let at = "2013-05-24T00:00:00Z".parse().expect("a time");
        let url = presigner().url("GET", "test.txt", &[], &[], at, Duration::from_secs(86400));
        assert_eq!(
            url,
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z\
             &X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
             &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }

    #[test]
    fn headers_and_parameters_are_signed_in_order() {
        let at = "2013-05-24T00:00:00Z".parse().expect("a time");
        let life = Duration::from_secs(60);
        let sign =
            |size| presigner().url("PUT", "a b/c", &[("content-type", "x/y"), ("content-length", size)], &[("z", "1 & 2")], at, life);
        let url = sign("5");
        assert!(url.contains("/a%20b/c?") && url.contains("X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost"), "{url}");
        assert!(url.contains("&z=1%20%26%202&X-Amz-Signature="), "{url}");
        assert_ne!(url, sign("6"), "the value is signed, though the URL does not name it");
    }
}
