//! Files over HTTP, with patience.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use domain::run::SignedRequest;
use futures::StreamExt;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

/// How often something is tried.
const TRIES: u32 = 5;

/// Whether the other side answered and will not change its mind.
pub fn is_refusal(error: &anyhow::Error) -> bool {
    error.downcast_ref::<reqwest::Error>().and_then(reqwest::Error::status).is_some_and(|s| s.is_client_error() && s != 429)
}

/// Whether what was asked for is not there, which no other attempt mends. A refused signature is: another attempt has another.
pub fn is_gone(error: &anyhow::Error) -> bool {
    let status = error.downcast_ref::<reqwest::Error>().and_then(reqwest::Error::status);
    matches!(status, Some(reqwest::StatusCode::NOT_FOUND | reqwest::StatusCode::GONE))
}

/// Does something until it succeeds, is refused, or has failed five times.
pub async fn retried<T, F: Future<Output = Result<T>>>(act: impl Fn() -> F) -> Result<T> {
    let mut tries = 1;
    loop {
        match act().await {
            Err(error) if !is_refusal(&error) && tries < TRIES => {
                tokio::time::sleep(Duration::from_secs(1 << tries.min(4))).await;
                tries += 1;
            }
            Err(error) if !is_refusal(&error) => return Err(error).with_context(|| format!("given up after {TRIES} tries")),
            done => return done,
        }
    }
}

/// Reads a URL into a file; yields its SHA-256.
pub async fn download(url: &str, to: &Path) -> Result<String> {
    let response = reqwest::get(url).await?.error_for_status()?;
    let mut file = tokio::fs::File::create(to).await.with_context(|| format!("cannot write {}", to.display()))?;
    let mut hash = Sha256::new();
    let mut body = response.bytes_stream();
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        hash.update(&chunk);
        file.write_all(&chunk).await.with_context(|| format!("cannot write {}", to.display()))?;
    }
    file.sync_all().await.with_context(|| format!("cannot write {}", to.display()))?;
    Ok(hex::encode(hash.finalize()))
}

/// Sends a file as a signed request asks; a second time changes nothing.
pub async fn put(client: &reqwest::Client, request: &SignedRequest, path: &Path, size: u64) -> Result<()> {
    let file = tokio::fs::File::open(path).await.with_context(|| format!("cannot read {}", path.display()))?;
    let method = reqwest::Method::from_bytes(request.method.as_bytes())?;
    let mut call = client.request(method, &request.url).header("content-length", size);
    for (name, value) in request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length")) {
        call = call.header(name, value);
    }
    let body = reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::new(file));
    call.body(body).send().await?.error_for_status()?;
    Ok(())
}
