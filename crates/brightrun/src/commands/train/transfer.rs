//! Files over HTTP, with patience.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use domain::run::SignedRequest;
use futures::StreamExt;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_RANGE, RANGE};
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

/// Reads a URL into a file; yields its SHA-256. A connection that breaks off is taken up where it ended, as long as more comes at all.
pub async fn download(url: &str, to: &Path) -> Result<String> {
    let mut arriving = Arriving::create(to).await?;
    let mut tries = 1;
    loop {
        let before = arriving.bytes;
        match arriving.go_on(url).await {
            Ok(()) => return arriving.end().await,
            Err(error) if is_refusal(&error) => return Err(error),
            Err(error) => {
                tries = if arriving.bytes > before { 1 } else { tries + 1 };
                if tries > TRIES {
                    return Err(error).with_context(|| format!("given up after {TRIES} tries"));
                }
                tokio::time::sleep(Duration::from_secs(1 << tries.min(4))).await;
            }
        }
    }
}

/// A file of which a part has come.
struct Arriving<'p> {
    path: &'p Path,
    file: tokio::fs::File,
    hash: Sha256,
    bytes: u64,
}

impl<'p> Arriving<'p> {
    async fn create(path: &'p Path) -> Result<Self> {
        let file = tokio::fs::File::create(path).await.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path, file, hash: Sha256::new(), bytes: 0 })
    }

    async fn go_on(&mut self, url: &str) -> Result<()> {
        let mut call = reqwest::Client::new().get(url);
        if self.bytes > 0 {
            call = call.header(RANGE, format!("bytes={}-", self.bytes));
        }
        let response = call.send().await?.error_for_status()?;
        if self.bytes > 0 && begin(&response) != Some(self.bytes) {
            // The other side sends all of it again.
            *self = Self::create(self.path).await?;
            if response.status() != StatusCode::OK {
                bail!("the rest of the file was asked for, and another part came");
            }
        }
        let mut body = response.bytes_stream();
        while let Some(chunk) = body.next().await {
            let chunk = chunk?;
            self.file.write_all(&chunk).await.with_context(|| format!("cannot write {}", self.path.display()))?;
            self.hash.update(&chunk);
            self.bytes += chunk.len() as u64;
        }
        Ok(())
    }

    async fn end(self) -> Result<String> {
        self.file.sync_all().await.with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(hex::encode(self.hash.finalize()))
    }
}

/// Where the part that an answer holds begins.
fn begin(response: &reqwest::Response) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    let start = range.strip_prefix("bytes ")?.split('-').next()?;
    (response.status() == StatusCode::PARTIAL_CONTENT).then(|| start.parse().ok())?
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};
    use tokio::io::{AsyncBufReadExt, BufReader};

    /// Serves `content`, but hangs up after `most` bytes of each answer; keeps what was asked for. One that `ignores` ranges sends all.
    async fn unreliable(content: Vec<u8>, most: usize, ignores: bool) -> (String, Arc<Mutex<Vec<String>>>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/dataset", listener.local_addr().expect("an address"));
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let kept = asked.clone();
        tokio::spawn(async move {
            let mut answers = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).await.is_ok_and(|read| read > 0) {}
                let range = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
                kept.lock().expect("nobody panics with it").push(range.clone().unwrap_or_default());
                let from = range.filter(|_| !ignores).and_then(|range| range.trim_end_matches('-').parse().ok()).unwrap_or(0);
                answers += 1;
                let all = content.len();
                let status = match from {
                    0 => "200 OK".to_owned(),
                    from => format!("206 Partial Content\r\ncontent-range: bytes {from}-{}/{all}", all - 1),
                };
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", all - from);
                let most = if ignores && answers > 1 { all } else { most };
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(&content[from..all.min(from + most)]).await;
                let _ = stream.shutdown().await;
            }
        });
        (url, asked)
    }

    #[tokio::test]
    async fn a_download_that_breaks_off_goes_on_where_it_ended() {
        let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("dataset.part");
        for ignores in [false, true] {
            let (url, asked) = unreliable(content.clone(), 500_000, ignores).await;
            let hash = download(&url, &path).await.expect("it arrives");
            assert_eq!(hash, hex::encode(Sha256::digest(&content)));
            assert!(std::fs::read(&path).expect("a file") == content, "whole and in order");
            let asked = asked.lock().expect("nobody panics with it").clone();
            assert_eq!((asked.len(), asked[0].as_str()), (2, ""), "{asked:?}");
            assert!(asked[1].trim_end_matches('-').parse::<usize>().is_ok_and(|from| from > 0 && from <= 500_000), "{asked:?}");
        }
    }
}
