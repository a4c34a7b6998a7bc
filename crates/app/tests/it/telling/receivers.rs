//! A mail server and a web server, small and real: they listen, speak their protocol, and keep what they get.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A mail that was accepted.
#[derive(Debug, Clone, Default)]
pub struct ReceivedMail {
    pub from: String,
    pub to: String,
    pub text: String,
}

#[derive(Default)]
struct Mails {
    /// Answers to the next mails; then every one is accepted.
    answers: VecDeque<String>,
    answered: usize,
    accepted: Vec<ReceivedMail>,
}

/// Speaks SMTP.
pub struct MailServer {
    address: SocketAddr,
    mails: Arc<Mutex<Mails>>,
    task: JoinHandle<()>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl MailServer {
    pub async fn start(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let answers = answers.iter().map(|answer| (*answer).to_owned()).collect();
        let mails = Arc::new(Mutex::new(Mails { answers, ..Mails::default() }));
        let kept = Arc::clone(&mails);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&kept)));
            }
        });
        Self { address, mails, task }
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub fn mails(&self) -> Vec<ReceivedMail> {
        lock(&self.mails).accepted.clone()
    }

    pub fn answered(&self) -> usize {
        lock(&self.mails).answered
    }
}

/// The address in `MAIL FROM:<a@b>`.
fn address(line: &str) -> String {
    line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or_else(String::new, |(address, _)| address.to_owned())
}

async fn talk(stream: TcpStream, mails: Arc<Mutex<Mails>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test ESMTP\r\n").await.ok()?;
    let mut mail = ReceivedMail::default();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let answer = match line.trim().split(' ').next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" => "250-test\r\n250 8BITMIME".to_owned(),
            "MAIL" => {
                mail = ReceivedMail { from: address(&line), ..ReceivedMail::default() };
                "250 ok".to_owned()
            }
            "RCPT" => {
                mail.to = address(&line);
                "250 ok".to_owned()
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.ok()?;
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line).await.ok()?;
                    if line == ".\r\n" {
                        break;
                    }
                    mail.text.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                let mut mails = lock(&mails);
                mails.answered += 1;
                let answer = mails.answers.pop_front().unwrap_or_else(|| "250 accepted".to_owned());
                if answer.starts_with('2') {
                    mails.accepted.push(mail.clone());
                }
                answer
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await.ok()?;
                return None;
            }
            _ => "250 ok".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
}

/// A request that was received.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    head: String,
    pub body: String,
}

impl ReceivedRequest {
    pub fn header(&self, name: &str) -> String {
        let found = self.head.lines().filter_map(|line| line.split_once(':')).find(|(is, _)| is.eq_ignore_ascii_case(name));
        found.map_or_else(String::new, |(_, value)| value.trim().to_owned())
    }
}

/// Speaks HTTP/1.1, and answers with one status after the other.
pub struct HttpServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
    task: JoinHandle<()>,
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl HttpServer {
    pub async fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, mut statuses) = (Arc::clone(&requests), VecDeque::from(statuses.to_vec()));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // One after the other: the order of the answers is the order of the requests.
                let _ = answer(stream, &kept, &mut statuses).await;
            }
        });
        Self { address, requests, task }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn requests(&self) -> Vec<ReceivedRequest> {
        lock(&self.requests).clone()
    }
}

async fn answer(stream: TcpStream, requests: &Mutex<Vec<ReceivedRequest>>, statuses: &mut VecDeque<u16>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let mut request = ReceivedRequest { head, body: String::new() };
    let mut body = vec![0; request.header("content-length").parse().unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    lock(requests).push(request);
    let status = statuses.pop_front().unwrap_or(200);
    // Whoever followed this would come back here.
    let head = format!("HTTP/1.1 {status} X\r\nlocation: /elsewhere\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
    stream.write_all(head.as_bytes()).await
}
