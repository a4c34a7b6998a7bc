//! A server that is asked to stop under load loses no request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::support::*;
use serde_json::{Value, json};
use testkit::http::{Connection, request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How many ask at once.
const CLIENTS: usize = 24;
/// Requests that are answered before the signal.
const WARM: u64 = 200;

/// Asks again and again, on a connection as long as the server keeps it, until the server takes no more connections. An error is a lost
/// request, as every one of them was sent on a connection that the server had accepted and not closed.
async fn ask_until_refused(server: SocketAddr, request: Vec<u8>, answered: Arc<AtomicU64>) -> Result<(), String> {
    while let Ok(mut connection) = Connection::open(server).await {
        loop {
            let answer = connection.send(&request).await.map_err(|error| format!("lost: {error}"))?;
            if answer.status != 200 {
                return Err(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)));
            }
            answered.fetch_add(1, Ordering::SeqCst);
            if answer.closes() {
                break;
            }
        }
    }
    Ok(())
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while !done() {
        assert!(started.elapsed() < LIMIT, "{what} takes too long");
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

/// A request of which the server has read the head and a half of the body.
async fn half_sent(server: SocketAddr, head: &str, half: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server).await.expect("connected");
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(half).await.expect("sent");
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_under_load_answers_every_request() {
    let dir = tempfile::tempdir().expect("folder");
    let server = Server::start(dir.path());
    let address: SocketAddr = server.address().parse().expect("an address");
    let client = account(&server, "a@example.test").await;
    let token = token(address, "a@example.test").await;

    // A request that takes long: its body comes in two halves, the second after the signal.
    let file = fixture("v4-meta.jsonl");
    let body = json!({"name": "Late", "format": "brightrun-lora-v4", "fileSize": file.len(), "fileName": "late.jsonl"});
    let dataset: Value = client.post("/api/datasets", &body).await.expect("announced");
    let path = format!("/api/datasets/{}/upload", dataset["datasetId"].as_str().expect("an id"));
    let head = format!("PUT {path} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n", file.len());
    let mut upload = half_sent(address, &head, &file[..file.len() / 2]).await;

    // A stream that would go on for ever.
    let ready = upload_ready(&client).await;
    let job = create_job(&client, &job_request(&ready["id"], &json!({"hyperparameters": {"numEpochs": 20}}))).await;
    let head = format!("GET /api/jobs/{job}/stream HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {token}\r\n\r\n");
    let mut stream = half_sent(address, &head, b"").await;
    let mut first = [0; 16];
    stream.read_exact(&mut first).await.expect("the stream begins");

    let answered = Arc::<AtomicU64>::default();
    let list = request("GET", "/api/datasets", Some(&token), None);
    let clients: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(ask_until_refused(address, list.clone(), answered.clone()))).collect();
    until("the load", || answered.load(Ordering::SeqCst) >= WARM).await;
    signal(server.pid(), "TERM");

    for client in clients {
        let outcome = client.await.expect("the client ends");
        assert_eq!(outcome, Ok(()), "after {} answers", answered.load(Ordering::SeqCst));
    }
    assert!(TcpStream::connect(address).await.is_err(), "new connections are refused");
    upload.write_all(&file[file.len() / 2..]).await.expect("the other half is taken");
    let mut answer = Vec::new();
    upload.read_to_end(&mut answer).await.expect("answered, then closed");
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.expect("the stream ends");
    assert!(rest.ends_with(b"0\r\n\r\n"), "it is ended, not broken off");
    server.terminate();
}

async fn token(server: SocketAddr, email: &str) -> String {
    let body = json!({"email": email, "password": "correct horse battery"}).to_string();
    let mut connection = Connection::open(server).await.expect("connected");
    let answer = connection.send(&request("POST", "/api/auth/login", None, Some(&body))).await.expect("answered");
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    body["data"]["token"].as_str().expect("a token").to_owned()
}

async fn upload_ready(client: &Client) -> Value {
    upload(client, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await
}
