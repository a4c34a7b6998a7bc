//! A client of the API for the program's own commands.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures::StreamExt;
use reqwest::Method;
use serde_json::Value;

/// Speaks to one server as one account.
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// One event of a stream.
pub struct StreamEvent {
    /// Its name.
    pub name: String,
    /// Its data.
    pub data: Value,
}

impl Client {
    /// A client of the server at `base`.
    pub fn new(base: &str) -> Self {
        Self { http: reqwest::Client::new(), base: base.trim_end_matches('/').to_owned(), token: None }
    }

    /// Uses the token of a signup's or login's answer from now on.
    pub fn set_token(&mut self, answer: &Value) -> Result<()> {
        self.token = Some(answer["token"].as_str().context("the server's answer has no token")?.to_owned());
        Ok(())
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let call = self.http.request(method, self.url(path));
        match &self.token {
            Some(token) => call.bearer_auth(token),
            None => call,
        }
    }

    /// Any method, with or without a JSON body; the envelope's data.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let call = self.request(method, path);
        let call = match body {
            Some(body) => call.json(body),
            None => call,
        };
        unwrap(call.send().await?).await
    }

    /// GET; the envelope's data.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None).await
    }

    /// POST of a JSON body; the envelope's data.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Puts `content` to the signed address in the answer of the creation of a data set.
    pub async fn put_signed(&self, made: &Value, content: Vec<u8>) -> Result<()> {
        let method = Method::from_bytes(made["uploadMethod"].as_str().unwrap_or("PUT").as_bytes())?;
        let url = self.url(made["uploadUrl"].as_str().context("the server's answer has no uploadUrl")?);
        let mut call = self.http.request(method, url);
        for (name, value) in made["uploadHeaders"].as_object().into_iter().flatten() {
            call = call.header(name, value.as_str().unwrap_or_default());
        }
        let answer = call.body(content).send().await?;
        if !answer.status().is_success() {
            bail!("the upload was refused with status {}: {}", answer.status(), answer.text().await.unwrap_or_default());
        }
        Ok(())
    }

    /// The bytes behind a signed address.
    pub async fn get_bytes(&self, url: &str) -> Result<Vec<u8>> {
        Ok(self.http.get(self.url(url)).send().await?.error_for_status()?.bytes().await?.to_vec())
    }

    /// Asks until `done` holds.
    pub async fn until(&self, path: &str, limit: Duration, done: impl Fn(&Value) -> bool) -> Result<Value> {
        let started = Instant::now();
        loop {
            let answer = self.get(path).await?;
            if done(&answer) {
                return Ok(answer);
            }
            if started.elapsed() > limit {
                bail!("{path} did not change within {} s", limit.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Reads a stream of events until `on_event` says that it has seen enough or the server ends it; reconnects where it broke.
    pub async fn stream(&self, path: &str, on_event: &mut (dyn FnMut(StreamEvent) -> bool + Send)) -> Result<()> {
        let mut last_id = String::new();
        let mut failures = 0;
        loop {
            match self.stream_once(path, &mut last_id, on_event).await {
                Ok(()) => return Ok(()),
                Err(e) if failures >= 5 => return Err(e),
                Err(_) => failures += 1,
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn stream_once(&self, path: &str, last_id: &mut String, on_event: &mut (dyn FnMut(StreamEvent) -> bool + Send)) -> Result<()> {
        let mut call = self.request(Method::GET, path).header("accept", "text/event-stream");
        if !last_id.is_empty() {
            call = call.header("last-event-id", last_id.as_str());
        }
        let mut body = call.send().await?.error_for_status()?.bytes_stream();
        let mut pending = Vec::new();
        while let Some(chunk) = body.next().await {
            pending.extend_from_slice(&chunk?);
            while let Some(end) = pending.windows(2).position(|w| w == b"\n\n") {
                let block: Vec<u8> = pending.drain(..end + 2).collect();
                let event = parse_event(&String::from_utf8_lossy(&block), last_id);
                if event.is_some_and(|event| !on_event(event)) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// One event of the stream's text; remembers its id. Comments and `retry` alone are none.
fn parse_event(block: &str, last_id: &mut String) -> Option<StreamEvent> {
    let (mut name, mut data) = ("message".to_owned(), String::new());
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut name),
            "data" => data.push_str(value),
            "id" => value.clone_into(last_id),
            _ => {}
        }
    }
    serde_json::from_str(&data).ok().map(|data| StreamEvent { name, data })
}

/// The data of a successful envelope, or the error of the other kind.
async fn unwrap(response: reqwest::Response) -> Result<Value> {
    let status = response.status();
    let text = response.text().await?;
    let mut body: Value = serde_json::from_str(&text).with_context(|| format!("the server answered {status} without JSON"))?;
    if status.is_success() {
        return Ok(body["data"].take());
    }
    let error = &body["error"];
    bail!("{} ({status}): {}", error["code"].as_str().unwrap_or("ERROR"), error["message"].as_str().unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_a_name_data_and_an_id() {
        let mut id = String::new();
        let event = parse_event("id: 7\nevent: progress\ndata: {\"progress\":5}\n\n", &mut id).expect("event");
        assert_eq!((event.name.as_str(), event.data["progress"].as_i64(), id.as_str()), ("progress", Some(5), "7"));
        assert!(parse_event(": heartbeat\n\n", &mut id).is_none());
    }
}
