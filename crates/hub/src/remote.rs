//! Requests to a hub: what a repository holds, what a file is, and tries that are made again.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use futures::StreamExt;
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, ETAG, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;

use crate::names::is_commit;
use crate::{HubError, Patience, Repo, Watcher};

/// Redirects on the hub's own host that are followed to what a file is.
const REDIRECTS: usize = 5;
/// Longest answer about a repository.
const MAX_LISTING: usize = 32 << 20;
/// How often a wait looks whether it must stop.
const LOOK: Duration = Duration::from_millis(200);

/// The files of a commit.
#[derive(Debug)]
pub(crate) struct Listed {
    pub commit: String,
    pub files: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Listing {
    sha: String,
    #[serde(default)]
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
}

/// What is known of a file before it is fetched.
#[derive(Debug, Clone)]
pub(crate) struct RemoteFile {
    pub name: String,
    pub url: Url,
    /// Bytes, where the hub says it.
    pub size: Option<u64>,
    /// The hub's name of the content; a SHA-256 for large files.
    pub tag: String,
    pub sha256: Option<String>,
}

/// Why one try brought nothing.
pub(crate) enum Failure {
    /// Another one might.
    Passing { reason: String, wait: Option<Duration> },
    /// None will.
    Final(HubError),
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        Self::Final(error)
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        // Addresses that a hub leads to carry signatures, so they are left out. What was wrong stands in the causes.
        let error = error.without_url();
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            reason = format!("{reason}: {cause}");
            source = cause.source();
        }
        Self::Passing { reason, wait: None }
    }
}

/// The hub's address with two clients: one that follows redirects, one that reads them.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    endpoint: Url,
    following: Client,
    reading: Client,
    pub patience: Patience,
}

impl Remote {
    pub fn new(endpoint: &str, token: Option<&str>, patience: Patience) -> Result<Self, HubError> {
        let wrong = |reason: String| HubError::Options { reason };
        let endpoint: Url = endpoint.trim_end_matches('/').parse().map_err(|e| wrong(format!("'{endpoint}' is no address ({e})")))?;
        if !matches!(endpoint.scheme(), "http" | "https") || endpoint.host_str().is_none() {
            return Err(wrong(format!("'{endpoint}' is no http address")));
        }
        let mut headers = HeaderMap::new();
        // Sizes and places are those of the file, not of a compressed form of it.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(token) = token {
            let mut value = HeaderValue::try_from(format!("Bearer {token}"))
                .map_err(|_| wrong("the token has characters that no token has".to_owned()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let client = |redirects: Policy| {
            let builder = Client::builder().default_headers(headers.clone()).redirect(redirects);
            let agent = concat!("brightrun/", env!("CARGO_PKG_VERSION"));
            builder.user_agent(agent).connect_timeout(patience.silence).read_timeout(patience.silence).build()
        };
        let made = |redirects| client(redirects).map_err(|e| wrong(e.to_string()));
        // Credentials are dropped by the client where a redirect leads to another host.
        Ok(Self { endpoint, following: made(Policy::limited(10))?, reading: made(Policy::none())?, patience })
    }

    fn url(&self, path: &str) -> Result<Url, HubError> {
        format!("{}/{path}", self.endpoint.as_str().trim_end_matches('/'))
            .parse()
            .map_err(|e| HubError::Options { reason: format!("{path}: {e}") })
    }

    /// The commit of a revision, and its files.
    pub async fn list(&self, repo: &Repo, revision: &str, watcher: &mut dyn Watcher) -> Result<Listed, HubError> {
        let what = format!("{repo} at {revision}");
        let url = self.url(&format!("api/models/{repo}/revision/{}", revision.replace('/', "%2F")))?;
        let listing = self
            .retried(&what, watcher, async || {
                let response = answered(self.following.get(url.clone()).send().await?, &what)?;
                let bytes = body(response, MAX_LISTING, &what).await?;
                let answer = |reason: String| HubError::Answer { what: what.clone(), reason };
                let listing: Listing = serde_json::from_slice(&bytes).map_err(|e| answer(e.to_string()))?;
                if !is_commit(&listing.sha) {
                    return Err(answer(format!("it names the commit {:?}", listing.sha)).into());
                }
                if is_commit(revision) && listing.sha != revision {
                    return Err(answer(format!("it is about commit {}", listing.sha)).into());
                }
                Ok(listing)
            })
            .await?;
        Ok(Listed { commit: listing.sha, files: listing.siblings.into_iter().map(|sibling| sibling.rfilename).collect() })
    }

    /// Size and checksum of a file. They stand in the first answer, before it leads to where the content lies.
    pub async fn describe(&self, repo: &Repo, commit: &str, name: &str, watcher: &mut dyn Watcher) -> Result<RemoteFile, HubError> {
        let what = format!("{name} of {repo}");
        let url = self.url(&format!("{repo}/resolve/{commit}/{name}"))?;
        self.retried(&what, watcher, async || {
            let mut at = url.clone();
            for _ in 0..REDIRECTS {
                let response = self.reading.head(at.clone()).send().await?;
                let own_host = response
                    .status()
                    .is_redirection()
                    .then(|| header(&response, LOCATION.as_str()).and_then(|to| at.join(to).ok()))
                    .flatten()
                    .filter(|to| to.host() == at.host() && to.port_or_known_default() == at.port_or_known_default());
                let tagged = header(&response, "x-linked-etag").is_some();
                match own_host {
                    Some(to) if !tagged => at = to,
                    _ => return Ok(described(&answered_or_redirected(response, &what)?, name, &url)),
                }
            }
            Err(HubError::Answer { what: what.clone(), reason: "it leads from one address to the next".to_owned() }.into())
        })
        .await
    }

    /// The content of a file from a byte on.
    pub async fn get(&self, url: &Url, from: u64, what: &str) -> Result<Response, Failure> {
        let mut request = self.following.get(url.clone());
        if from > 0 {
            request = request.header("range", format!("bytes={from}-"));
        }
        let response = request.send().await?;
        if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            return Ok(response);
        }
        answered(response, what)
    }

    /// Tries until it succeeds, cannot succeed, or brought nothing too often.
    async fn retried<T>(
        &self,
        what: &str,
        watcher: &mut dyn Watcher,
        mut act: impl AsyncFnMut() -> Result<T, Failure>,
    ) -> Result<T, HubError> {
        let mut failed = 0;
        loop {
            let outcome = until_stopped(watcher, act()).await?;
            match outcome {
                Ok(done) => return Ok(done),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing { reason, wait }) => {
                    failed += 1;
                    self.pause(what, failed, reason, wait, watcher).await?;
                }
            }
        }
    }

    /// Waits before the next try, or gives up.
    pub async fn pause(
        &self,
        what: &str,
        failed: u32,
        reason: String,
        wait: Option<Duration>,
        watcher: &mut dyn Watcher,
    ) -> Result<(), HubError> {
        let Patience { tries, pause, longest_pause, .. } = self.patience;
        if failed >= tries {
            return Err(HubError::Unreachable { what: what.to_owned(), tries, reason });
        }
        let own = pause.saturating_mul(1 << (failed - 1).min(16));
        let wait = wait.unwrap_or(own).min(longest_pause);
        watcher.setback(&format!("The model hub did not give {what} ({reason}); trying again in {} s.", wait.as_secs_f64().ceil()));
        until_stopped(watcher, tokio::time::sleep(wait)).await
    }
}

/// Waits for something, unless the watcher says stop.
pub(crate) async fn until_stopped<T>(watcher: &mut dyn Watcher, work: impl Future<Output = T>) -> Result<T, HubError> {
    let mut work = std::pin::pin!(work);
    loop {
        if watcher.must_stop() {
            return Err(HubError::Stopped);
        }
        tokio::select! {
            done = &mut work => return Ok(done),
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response.headers().get(name)?.to_str().ok()
}

fn described(response: &Response, name: &str, url: &Url) -> RemoteFile {
    let linked = header(response, "x-linked-etag");
    let tag = linked.or_else(|| header(response, ETAG.as_str())).unwrap_or_default();
    let tag = tag.trim_start_matches("W/").trim_matches('"').to_ascii_lowercase();
    let is_hash = tag.len() == 64 && tag.bytes().all(|b| b.is_ascii_hexdigit());
    let size = header(response, "x-linked-size").or_else(|| {
        // The length of a redirect is that of its own text.
        header(response, CONTENT_LENGTH.as_str()).filter(|_| response.status().is_success())
    });
    RemoteFile {
        name: name.to_owned(),
        url: url.clone(),
        size: size.and_then(|size| size.parse().ok()),
        sha256: is_hash.then(|| tag.clone()),
        tag,
    }
}

/// An answer that is none of the failures.
fn answered(response: Response, what: &str) -> Result<Response, Failure> {
    if response.status().is_success() { Ok(response) } else { Err(failure(&response, what)) }
}

fn answered_or_redirected(response: Response, what: &str) -> Result<Response, Failure> {
    if response.status().is_redirection() { Ok(response) } else { answered(response, what) }
}

fn failure(response: &Response, what: &str) -> Failure {
    let (status, what) = (response.status(), what.to_owned());
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Failure::Final(HubError::Refused { what, status: status.as_u16() }),
        StatusCode::NOT_FOUND => Failure::Final(HubError::NotFound { what }),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            let wait = header(response, RETRY_AFTER.as_str()).and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
            Failure::Passing { reason: format!("status {status}"), wait }
        }
        status if status.is_server_error() => Failure::Passing { reason: format!("status {status}"), wait: None },
        status => Failure::Final(HubError::Answer { what, reason: format!("status {status}") }),
    }
}

async fn body(response: Response, most: usize, what: &str) -> Result<Vec<u8>, Failure> {
    let (mut bytes, mut stream) = (Vec::new(), response.bytes_stream());
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece?);
        if bytes.len() > most {
            return Err(HubError::Answer { what: what.to_owned(), reason: format!("it is longer than {most} bytes") }.into());
        }
    }
    Ok(bytes)
}
