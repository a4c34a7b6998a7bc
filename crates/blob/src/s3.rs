//! Objects in a bucket of any store that speaks S3.

use crate::error::{Error, Result};
use crate::key::Key;
use crate::presign::Presigner;
use crate::range::ByteRange;
use crate::store::{BlobStore, ByteStream, Listed, ListedStream, Meta, Object, SignedUpload, SizeLimit, Stored};
use crate::upload::Upload;
use chrono::{DateTime, Utc};
use domain::Clock;
use futures::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::signer::Url;
use object_store::{BackoffConfig, ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Longest life of a signed URL that the protocol knows.
const LONGEST_URL: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long one call may be tried again after failures that pass.
const PATIENCE: Duration = Duration::from_secs(20);
/// A start with a wrong address ends after this long.
const START: Duration = Duration::from_secs(15);

/// Where the bucket is and who may use it.
#[derive(Clone)]
pub struct S3Config {
    /// Name of the bucket.
    pub bucket: String,
    /// Region; stores other than Amazon's mostly take any.
    pub region: String,
    /// Address of the store; none means Amazon's.
    pub endpoint: Option<String>,
    /// Address of the same store for browsers and trainers; none means `endpoint`.
    pub public_endpoint: Option<String>,
    /// Whether the bucket is named in the path rather than in the host.
    pub path_style: bool,
    /// Access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
}

impl fmt::Debug for S3Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("S3Config");
        shown.field("bucket", &self.bucket).field("region", &self.region).field("endpoint", &self.endpoint);
        shown.field("public_endpoint", &self.public_endpoint).field("path_style", &self.path_style).finish_non_exhaustive()
    }
}

/// A store in an S3 bucket. Signed URLs lead to it directly.
pub struct S3Store {
    bucket: String,
    store: AmazonS3,
    presigner: Presigner,
    clock: Arc<dyn Clock>,
}

impl S3Store {
    /// Opens the bucket and looks whether it answers.
    ///
    /// # Errors
    /// When the addresses are none, or the bucket is not there or cannot be used with these credentials.
    pub async fn open(config: &S3Config, clock: Arc<dyn Clock>) -> Result<Self> {
        let endpoint = config.endpoint.as_deref();
        let public = config.public_endpoint.as_deref().or(endpoint);
        let (store, presigner) = (client(config, endpoint)?, presigner(config, public)?);
        let this = Self { bucket: config.bucket.clone(), store, presigner, clock };
        let late = || Error::Unreachable {
            what: format!("bucket {}", this.bucket),
            source: io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} s", START.as_secs())).into(),
        };
        tokio::time::timeout(START, this.check()).await.unwrap_or_else(|_| Err(late()))?;
        Ok(this)
    }

    fn sign(&self, method: &str, key: &Key, headers: &[(&str, &str)], query: &[(&str, &str)], expires_at: DateTime<Utc>) -> String {
        let now = self.clock.now();
        let life = (expires_at - now).to_std().unwrap_or_default().min(LONGEST_URL);
        self.presigner.url(method, key.as_str(), headers, query, now, life)
    }
}

/// The bucket at an address.
fn client(config: &S3Config, endpoint: Option<&str>) -> Result<AmazonS3> {
    let base = base_url(config, endpoint)?;
    let retry = RetryConfig { backoff: BackoffConfig::default(), max_retries: 5, retry_timeout: PATIENCE };
    let timeouts = ClientOptions::new().with_connect_timeout(Duration::from_secs(5)).with_timeout_disabled();
    let builder = AmazonS3Builder::new()
        .with_bucket_name(&config.bucket)
        .with_region(&config.region)
        .with_endpoint(base.as_str().trim_end_matches('/'))
        .with_virtual_hosted_style_request(!config.path_style)
        .with_access_key_id(&config.access_key_id)
        .with_secret_access_key(&config.secret_access_key)
        .with_client_options(timeouts)
        .with_allow_http(base.scheme() == "http")
        .with_retry(retry);
    builder.build().map_err(|e| failed("open", &config.bucket, e))
}

/// Who signs URLs of the bucket at an address.
fn presigner(config: &S3Config, endpoint: Option<&str>) -> Result<Presigner> {
    let base = base_url(config, endpoint)?;
    let host = base.host_str().unwrap_or_default();
    let folder = base.path().trim_end_matches('/');
    Ok(Presigner {
        access_key_id: config.access_key_id.clone(),
        secret_access_key: config.secret_access_key.clone(),
        region: config.region.clone(),
        origin: base.origin().ascii_serialization(),
        host: base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
        path: if config.path_style { format!("{folder}/{}/", config.bucket) } else { format!("{folder}/") },
    })
}

/// The address below which the bucket's keys, or with a bucket in the path its name, are found.
fn base_url(config: &S3Config, endpoint: Option<&str>) -> Result<Url> {
    let amazon = || format!("https://s3.{}.amazonaws.com", config.region);
    let text = endpoint.map_or_else(amazon, str::to_owned);
    let wrong = || Error::Setting(format!("'{text}' is no address of a store; it must be as `https://storage.example.com`"));
    let mut url = Url::parse(&text).map_err(|_| wrong())?;
    let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")).map(str::to_owned).ok_or_else(wrong)?;
    if !config.path_style {
        url.set_host(Some(&format!("{}.{host}", config.bucket))).map_err(|_| wrong())?;
    }
    Ok(url)
}

fn path(key: &Key) -> Path {
    Path::from(key.as_str())
}

/// The error of a call about `what`.
pub(crate) fn failed(action: &'static str, what: &str, error: object_store::Error) -> Error {
    use object_store::Error as E;
    match error {
        E::NotFound { .. } => Error::NotFound(what.to_owned()),
        E::PermissionDenied { .. } | E::Unauthenticated { .. } => {
            Error::Store { action, what: what.to_owned(), source: io::Error::new(io::ErrorKind::PermissionDenied, error) }
        }
        error => Error::Unreachable { what: what.to_owned(), source: error.into() },
    }
}

/// Whether the store's answer, which is somewhere in an error, has this code.
fn names(error: &object_store::Error, code: &str) -> bool {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        if error.to_string().contains(code) {
            return true;
        }
        next = error.source();
    }
    false
}

#[async_trait::async_trait]
impl BlobStore for S3Store {
    async fn put(&self, key: &Key, content: ByteStream, limit: SizeLimit) -> Result<Stored> {
        let failed = |e| failed("write", key.as_str(), e);
        let mut upload = Upload::new(content, limit);
        // What fits into one part is one request; its hash is signed, and the store refuses what arrives differently.
        let Some(first) = upload.next_part().await? else {
            self.store.put(&path(key), PutPayload::new()).await.map_err(failed)?;
            return Ok(upload.stored());
        };
        let second = upload.next_part().await?;
        let Some(second) = second else {
            self.store.put(&path(key), first).await.map_err(failed)?;
            return Ok(upload.stored());
        };
        let multipart = self.store.put_multipart(&path(key)).await.map_err(failed)?;
        upload.run_multipart(key, multipart, [first, second]).await
    }

    async fn get(&self, key: &Key, range: Option<ByteRange>) -> Result<Object> {
        let mut options = GetOptions::default();
        if let Some(range) = range {
            let size = self.head(key).await?.ok_or_else(|| Error::NotFound(key.to_string()))?.size;
            let range = range.resolve(size).ok_or(Error::Range { size })?;
            options.range = Some(GetRange::Bounded(range));
        }
        let found = self.store.get_opts(&path(key), options).await.map_err(|e| failed("read", key.as_str(), e))?;
        let (size, range) = (found.meta.size, found.range.clone());
        let content = found.into_stream().map_err(io::Error::other).boxed();
        Ok(Object { size, range, content })
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>> {
        match self.store.head(&path(key)).await {
            Ok(meta) => Ok(Some(Meta { size: meta.size })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(failed("look for", key.as_str(), e)),
        }
    }

    async fn delete(&self, key: &Key) -> Result<bool> {
        // The protocol does not tell whether there was something to remove.
        let there = self.head(key).await?.is_some();
        if there {
            match self.store.delete(&path(key)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(e) => return Err(failed("remove", key.as_str(), e)),
            }
        }
        Ok(there)
    }

    fn list(&self, prefix: &str) -> ListedStream {
        let prefix = Path::from(prefix.trim_end_matches('/'));
        let listed = self.store.list(Some(&prefix)).filter_map(|entry| async move {
            match entry {
                // What is not ours has no key; it is left alone.
                Ok(meta) => {
                    let key = Key::parse(meta.location.as_ref()).ok()?;
                    Some(Ok(Listed { key, size: meta.size, modified: meta.last_modified }))
                }
                Err(e) => Some(Err(failed("list", "the bucket", e))),
            }
        });
        listed.boxed()
    }

    async fn check(&self) -> Result<()> {
        let what = format!("bucket {}", self.bucket);
        let first = self.store.list(Some(&Path::from("datasets"))).next().await;
        first.transpose().map(drop).map_err(|e| {
            let none = names(&e, "NoSuchBucket");
            match failed("list", &what, e) {
                Error::NotFound(_) => Error::Setting(format!("there is no {what} at {}", self.presigner.origin)),
                _ if none => Error::Setting(format!("there is no {what} at {}", self.presigner.origin)),
                other => other,
            }
        })
    }

    async fn signed_upload(&self, key: &Key, limit: SizeLimit, content_type: &str, expires_at: DateTime<Utc>) -> Result<SignedUpload> {
        let size = limit.max().to_string();
        let mut headers = vec![("content-type", content_type)];
        // Whoever sends the file announces its size by itself. A size that is not known yet is looked at when the object is used.
        if let SizeLimit::Exactly(_) = limit {
            headers.push(("content-length", &size));
        }
        let url = self.sign("PUT", key, &headers, &[], expires_at);
        let headers = BTreeMap::from([("content-type".to_owned(), content_type.to_owned())]);
        Ok(SignedUpload { url, method: "PUT", headers })
    }

    async fn signed_download(&self, key: &Key, file_name: &str, expires_at: DateTime<Utc>) -> Result<String> {
        let plain = |c: char| if (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\') { c } else { '_' };
        let name: String = file_name.chars().map(plain).collect();
        let query = [
            ("response-content-disposition", &*format!("attachment; filename=\"{name}\"")),
            ("response-content-type", "application/octet-stream"),
            ("response-cache-control", "private, no-store"),
        ];
        Ok(self.sign("GET", key, &[], &query, expires_at))
    }

    fn bucket(&self) -> &str {
        &self.bucket
    }

    fn origin(&self) -> Option<&str> {
        Some(&self.presigner.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(endpoint: Option<&str>, path_style: bool) -> S3Config {
        S3Config {
            bucket: "things".to_owned(),
            region: "eu-central-1".to_owned(),
            endpoint: endpoint.map(str::to_owned),
            public_endpoint: None,
            path_style,
            access_key_id: "key".to_owned(),
            secret_access_key: "secret".to_owned(),
        }
    }

    #[test]
    fn the_bucket_is_in_the_host_or_in_the_path() {
        let base = |endpoint, path_style| base_url(&config(endpoint, path_style), endpoint).map(String::from).ok();
        assert_eq!(base(None, false).as_deref(), Some("https://things.s3.eu-central-1.amazonaws.com/"));
        assert_eq!(base(Some("http://127.0.0.1:9000"), true).as_deref(), Some("http://127.0.0.1:9000/"));
        assert_eq!(base(Some("https://s3.example.com"), false).as_deref(), Some("https://things.s3.example.com/"));
        for wrong in ["minio:9000", "s3.example.com", "", "ftp://x"] {
            assert_eq!(base(Some(wrong), true), None, "{wrong}");
        }
    }
}
