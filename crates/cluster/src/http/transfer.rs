//! Reads a file of a finished run, and goes on where a connection breaks off.

use std::io;

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt, try_unfold};
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Response, StatusCode};
use tokio::time::sleep;

use super::call::Caller;
use crate::ClusterError;

/// Connections that are made for one file at most, beside the first.
const RESUMES: u32 = 5;

type Body = BoxStream<'static, reqwest::Result<Bytes>>;

/// What is being read.
struct Reading {
    caller: Caller,
    url: String,
    own: bool,
    body: Option<Body>,
    offset: u64,
    size: Option<u64>,
    resumes: u32,
}

/// Reads the file at `url`, with the cluster's key where it is the cluster's `own`.
pub async fn fetch(caller: Caller, url: String, own: bool) -> Result<BoxStream<'static, io::Result<Bytes>>, ClusterError> {
    let response = open(&caller, &url, own, 0).await.map_err(|e| ClusterError::transient(format!("{} cannot be read", named(&url)), e))?;
    let status = response.status();
    if !status.is_success() {
        let message = format!("{} cannot be read: the answer is {}", named(&url), status.as_u16());
        let passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        return Err(match passing {
            true => ClusterError::Transient { message, source: None },
            false => ClusterError::Permanent { message, source: None },
        });
    }
    let size = response.content_length();
    let reading = Reading { caller, url, own, body: Some(response.bytes_stream().boxed()), offset: 0, size, resumes: 0 };
    Ok(try_unfold(reading, next).boxed())
}

async fn next(mut reading: Reading) -> io::Result<Option<(Bytes, Reading)>> {
    loop {
        let mut body = match reading.body.take() {
            Some(body) => body,
            None => reading.resume().await?,
        };
        match body.next().await {
            Some(Ok(bytes)) => {
                reading.offset += bytes.len() as u64;
                reading.body = Some(body);
                return Ok(Some((bytes, reading)));
            }
            None if reading.size.is_none_or(|size| reading.offset >= size) => return Ok(None),
            Some(Err(error)) if reading.resumes >= RESUMES => return Err(io::Error::other(error)),
            None if reading.resumes >= RESUMES => return Err(io::ErrorKind::UnexpectedEof.into()),
            Some(Err(_)) | None => {}
        }
    }
}

impl Reading {
    async fn resume(&mut self) -> io::Result<Body> {
        sleep(self.caller.timing.pause * 2_u32.pow(self.resumes)).await;
        self.resumes += 1;
        let response = open(&self.caller, &self.url, self.own, self.offset).await?;
        let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
        let start: Option<u64> = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.parse().ok());
        match (response.status(), start) {
            (StatusCode::PARTIAL_CONTENT, Some(start)) if start == self.offset => Ok(response.bytes_stream().boxed()),
            (StatusCode::OK, _) if self.offset == 0 => Ok(response.bytes_stream().boxed()),
            (status, _) => {
                Err(io::Error::other(format!("the connection broke off and cannot be taken up: the answer is {}", status.as_u16())))
            }
        }
    }
}

async fn open(caller: &Caller, url: &str, own: bool, offset: u64) -> io::Result<Response> {
    let mut call = caller.http.get(url);
    if own {
        call = call.bearer_auth(&caller.key);
    }
    if offset > 0 {
        call = call.header(RANGE, format!("bytes={offset}-"));
    }
    call.send().await.map_err(|e| io::Error::other(e.without_url()))
}

/// An address without its signature.
fn named(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}
