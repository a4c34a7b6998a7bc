//! A mail server and a web server, small and real: they listen, speak their protocol, and keep what they get.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::{TlsAcceptor, rustls};

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
    /// What clients said before anything was encrypted.
    in_the_open: Vec<String>,
}

/// Whether a mail server speaks TLS.
#[derive(Clone)]
pub enum Tls {
    None,
    /// After `STARTTLS`.
    Upgrade(TlsAcceptor),
    /// From the first byte.
    Implicit(TlsAcceptor),
}

/// A certificate for this machine, and that of the authority that it is from, as PEM.
pub fn certificate() -> (TlsAcceptor, Vec<u8>) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let key = || KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::new(Vec::new()).expect("no names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = key();
    let pem = authority.self_signed(&authority_key).expect("a certificate").pem().into_bytes();
    let (issuer, key) = (Issuer::new(authority, authority_key), key());
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name").signed_by(&key, &issuer).expect("a certificate");
    let private = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .expect("they fit");
    (TlsAcceptor::from(Arc::new(config)), pem)
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
        Self::speaking(Tls::None, answers).await
    }

    pub async fn speaking(tls: Tls, answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let answers = answers.iter().map(|answer| (*answer).to_owned()).collect();
        let mails = Arc::new(Mutex::new(Mails { answers, ..Mails::default() }));
        let kept = Arc::clone(&mails);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, tls.clone(), Arc::clone(&kept)));
            }
        });
        Self { address, mails, task }
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was said before anything was encrypted.
    pub fn in_the_open(&self) -> Vec<String> {
        lock(&self.mails).in_the_open.clone()
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

async fn serve(stream: TcpStream, tls: Tls, mails: Arc<Mutex<Mails>>) -> Option<()> {
    match tls {
        Tls::None => talk(stream, &mails, false, true).await.map(drop),
        Tls::Implicit(acceptor) => talk(acceptor.accept(stream).await.ok()?, &mails, false, false).await.map(drop),
        Tls::Upgrade(acceptor) => {
            let stream = talk(stream, &mails, true, true).await?;
            let stream = acceptor.accept(stream).await.ok()?;
            talk_on(BufReader::new(stream), &mails, false, false).await.map(drop)
        }
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(stream: S, mails: &Mutex<Mails>, upgrades: bool, open: bool) -> Option<S> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test ESMTP\r\n").await.ok()?;
    talk_on(stream, mails, upgrades, open).await
}

/// Until the client leaves, or wants to go on encrypted: then the connection is handed back.
async fn talk_on<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    mails: &Mutex<Mails>,
    upgrades: bool,
    open: bool,
) -> Option<S> {
    let mut mail = ReceivedMail::default();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if open {
            lock(mails).in_the_open.push(line.trim().to_owned());
        }
        let answer = match line.trim().split(' ').next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" if upgrades => "250-test\r\n250 STARTTLS".to_owned(),
            "EHLO" | "HELO" => "250-test\r\n250 8BITMIME".to_owned(),
            "STARTTLS" if upgrades => {
                stream.write_all(b"220 go ahead\r\n").await.ok()?;
                return Some(stream.into_inner());
            }
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
                let mut mails = lock(mails);
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
