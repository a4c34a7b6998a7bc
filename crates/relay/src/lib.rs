//! What the processes of one installation share beside their database: counts against limits, and word that there is something to read.
//! Over Redis.
//!
//! Owns the connection and what is kept there; imports nothing of ours. Nothing that is kept or told here is the truth of anything: who
//! does without it counts for itself and looks at the database now and then. So nothing here waits for long, and no failure is more than
//! a note: while Redis does not answer it is left alone, asked again every second, and logged when it goes and when it is back.

mod bucket;
mod status;

pub use bucket::Taken;

use futures::StreamExt;
use redis::AsyncCommands;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use status::Status;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Longest wait for an answer: requests wait with it.
const PATIENCE: Duration = Duration::from_millis(250);
/// How often Redis is asked whether it is there.
const PAUSE: Duration = Duration::from_secs(1);
/// Where messages are published. Databases of one Redis do not part them.
const CHANNEL: &str = "brightrun:wake";
/// Messages of others that wait to be taken in.
const WAITING: usize = 1024;

/// Why a relay cannot be used at all.
#[derive(Debug, thiserror::Error)]
#[error("'{address}' is no address of a Redis server; it looks like redis://:password@host:6379/0, or rediss:// for TLS")]
pub struct AddressError {
    address: String,
    source: redis::RedisError,
}

/// The way to the other processes. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub struct Relay(Arc<Inner>);

struct Inner {
    client: redis::Client,
    connection: ConnectionManager,
    status: Status,
    /// Tells this process's own messages from the others'.
    sender: String,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("status", &self.0.status).finish_non_exhaustive()
    }
}

impl Relay {
    /// A relay over the Redis server at `url`, which is not asked yet. `sender` names this process among all; it has no blank.
    ///
    /// # Errors
    /// When the address is none.
    pub fn open(url: &str, sender: &str) -> Result<Self, AddressError> {
        // Libraries of this program bring two providers, and TLS would not choose between them.
        let _ = tokio_rustls::rustls::crypto::aws_lc_rs::default_provider().install_default();
        let wrong = |source| AddressError { address: without_login(url), source };
        let client = redis::Client::open(url).map_err(wrong)?;
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(PATIENCE))
            .set_connection_timeout(Some(PAUSE))
            .set_number_of_retries(1)
            .set_max_delay(PATIENCE);
        let connection = client.get_connection_manager_lazy(config).map_err(wrong)?;
        Ok(Self(Arc::new(Inner { client, connection, status: Status::default(), sender: sender.to_owned() })))
    }

    /// What is wrong with Redis, if anything is.
    pub fn problem(&self) -> Option<String> {
        self.0.status.problem()
    }

    /// Sends a message to all other processes that listen now. One that cannot be sent is dropped.
    pub async fn tell(&self, message: &str) {
        let mut connection = self.0.connection.clone();
        self.ask(async move { connection.publish::<_, _, ()>(CHANNEL, format!("{} {message}", self.0.sender)).await }).await;
    }

    /// Listens to the other processes, and watches whether Redis is there, until what it answers is dropped. What is published while Redis
    /// is away, or faster than it is taken in, is missed.
    pub fn listen(&self) -> Messages {
        let (send, receive) = mpsc::channel(WAITING);
        let relay = self.clone();
        let work = tokio::spawn(async move { tokio::join!(relay.clone().watch(), relay.hear(send)) });
        Messages { receive, work: work.abort_handle() }
    }

    /// Asks every second whether Redis is there.
    async fn watch(self) {
        loop {
            let mut connection = self.0.connection.clone();
            let ping = tokio::time::timeout(PATIENCE, async { redis::cmd("PING").query_async::<()>(&mut connection).await });
            self.0.status.note(flattened(ping.await));
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn hear(self, send: mpsc::Sender<String>) {
        loop {
            if let Err(error) = self.hear_once(&send).await {
                tracing::debug!(error = &error as &dyn std::error::Error, "listening to Redis ended");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn hear_once(&self, send: &mpsc::Sender<String>) -> redis::RedisResult<()> {
        let mut messages = tokio::time::timeout(PAUSE, self.0.client.get_async_pubsub()).await.map_err(late)??;
        tokio::time::timeout(PAUSE, messages.subscribe(CHANNEL)).await.map_err(late)??;
        let mut messages = messages.into_on_message();
        while let Some(message) = messages.next().await {
            let Ok(text) = message.get_payload::<String>() else { continue };
            if let Some((sender, text)) = text.split_once(' ')
                && sender != self.0.sender
            {
                // A full queue drops it: the database still has what it was about.
                let _ = send.try_send(text.to_owned());
            }
        }
        Ok(())
    }

    /// An answer of Redis, unless it is away, or too slow.
    async fn ask<T>(&self, question: impl Future<Output = redis::RedisResult<T>>) -> Option<T> {
        if self.0.status.is_away() {
            return None;
        }
        match flattened(tokio::time::timeout(PATIENCE, question).await) {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.0.status.note::<()>(Err(error));
                None
            }
        }
    }
}

/// Messages of the other processes.
#[derive(Debug)]
pub struct Messages {
    receive: mpsc::Receiver<String>,
    work: tokio::task::AbortHandle,
}

impl Messages {
    /// The next message. Safe to drop and call again.
    pub async fn next(&mut self) -> String {
        match self.receive.recv().await {
            Some(message) => message,
            // What sends only ends with this.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        self.work.abort();
    }
}

fn flattened<T>(answer: Result<redis::RedisResult<T>, tokio::time::error::Elapsed>) -> redis::RedisResult<T> {
    answer.unwrap_or_else(|elapsed| Err(late(elapsed)))
}

fn late(_: tokio::time::error::Elapsed) -> redis::RedisError {
    redis::RedisError::from((redis::ErrorKind::Io, "no answer in time"))
}

/// The address without name and password.
fn without_login(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}{}", &url[..scheme + 3], &url[at + 1..]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_named_without_its_password() {
        for bad in ["postgres://me:s3cret@db", "redis:/x", ""] {
            let error = Relay::open(bad, "a").expect_err(bad).to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
