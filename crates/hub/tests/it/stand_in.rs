//! A model hub on this machine: one repository at one commit, with faults that are asked for.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use sha2::{Digest, Sha256};

pub const REPO: &str = "acme/tiny";
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What is done instead of a right answer to one request.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// This status, with a `Retry-After`.
    Status(u16, Option<u64>),
    /// The connection breaks after so many bytes of the body.
    BreakAfter(usize),
    /// The last byte is another.
    Damaged,
    /// The whole file, whatever part was asked for.
    Whole,
    /// Nothing comes for a while.
    Silent,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub host: String,
    pub range: Option<String>,
    pub authorization: Option<String>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    commit: String,
    faults: Vec<(String, VecDeque<Fault>)>,
    seen: Vec<Seen>,
    token: Option<String>,
    down: bool,
}

/// The server; it ends with the test's process.
#[derive(Clone)]
pub struct StandIn {
    state: Arc<Mutex<State>>,
    address: SocketAddr,
}

impl StandIn {
    /// A hub with these files. Those that end in `.safetensors` lie elsewhere, as large files do.
    pub fn start(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = State { files: files.into_iter().collect(), commit: COMMIT.to_owned(), ..State::default() };
        let server = Self { state: Arc::new(Mutex::new(state)), address };
        let serving = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                thread::spawn(move || serving.answer(&stream));
            }
        });
        server
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next requests of `method` whose path ends so meet these faults.
    pub fn fail(&self, method_and_end: &str, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.push((method_and_end.to_owned(), faults.into_iter().collect()));
    }

    pub fn require(&self, token: &str) {
        self.state().token = Some(token.to_owned());
    }

    pub fn move_to(&self, commit: &str) {
        self.state().commit = commit.to_owned();
    }

    /// From now on no request is answered, or they are again.
    pub fn set_down(&self, down: bool) {
        self.state().down = down;
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    fn answer(&self, mut stream: &TcpStream) {
        let mut lines = BufReader::new(stream).lines();
        let Some(Ok(first)) = lines.next() else { return };
        let mut headers = BTreeMap::new();
        for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
            if let Some((name, value)) = line.split_once(':') {
                headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            }
        }
        let mut words = first.split(' ').map(str::to_owned);
        let (Some(method), Some(path)) = (words.next(), words.next()) else { return };
        let header = |name: &str| headers.get(name).cloned();
        let seen =
            Seen { method, path, host: header("host").unwrap_or_default(), range: header("range"), authorization: header("authorization") };
        let fault = {
            let mut state = self.state();
            state.seen.push(seen.clone());
            if state.down {
                return;
            }
            let called = format!("{} {}", seen.method, seen.path);
            let fits = |wanted: &str| wanted.split_once(' ').is_some_and(|(method, end)| seen.method == method && called.ends_with(end));
            state.faults.iter_mut().find(|(wanted, left)| fits(wanted) && !left.is_empty()).and_then(|(_, left)| left.pop_front())
        };
        let answer = self.made(&seen, fault);
        let _ = stream.write_all(&answer);
    }

    /// The bytes of an answer.
    fn made(&self, seen: &Seen, fault: Option<Fault>) -> Vec<u8> {
        match fault {
            Some(Fault::Status(status, wait)) => {
                return response(status, &wait.map(|s| format!("retry-after: {s}\r\n")).unwrap_or_default(), b"no", "");
            }
            Some(Fault::Silent) => {
                thread::sleep(std::time::Duration::from_secs(2));
                return Vec::new();
            }
            _ => {}
        }
        let state = self.state();
        let elsewhere = seen.path.starts_with("/elsewhere/");
        if !elsewhere && state.token.as_ref().is_some_and(|token| seen.authorization.as_deref() != Some(&format!("Bearer {token}"))) {
            return response(401, "", b"who are you?", "");
        }
        if let Some(revision) = seen.path.strip_prefix(&format!("/api/models/{REPO}/revision/")) {
            if revision != "main" && revision != state.commit {
                return response(404, "", b"{}", "");
            }
            let siblings: Vec<String> = state.files.keys().map(|name| format!(r#"{{"rfilename":"{name}"}}"#)).collect();
            let body = format!(r#"{{"id":"{REPO}","sha":"{}","siblings":[{}]}}"#, state.commit, siblings.join(","));
            return response(200, "content-type: application/json\r\n", body.as_bytes(), &seen.method);
        }
        let name = seen.path.rsplit('/').next().unwrap_or_default();
        let Some(content) = state.files.get(name) else { return response(404, "", b"", "") };
        let hash = hex::encode(Sha256::digest(content));
        if name.ends_with(".safetensors") && !elsewhere {
            // Another host name, so that credentials must not go there.
            let to = format!("http://localhost:{}/elsewhere/{name}", self.address.port());
            let linked = format!("location: {to}\r\nx-linked-etag: \"{hash}\"\r\nx-linked-size: {}\r\n", content.len());
            return response(302, &linked, b"Found", &seen.method);
        }
        let tag = format!("etag: \"{}\"\r\n", &hash[..40]);
        let from = seen.range.as_ref().and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
        let mut content = content.clone();
        if matches!(fault, Some(Fault::Damaged))
            && let Some(last) = content.last_mut()
        {
            *last ^= 1;
        }
        let (mut made, start) = match from.filter(|_| !matches!(fault, Some(Fault::Whole))) {
            Some(from) if from >= content.len() => return response(416, "", b"", ""),
            Some(from) => {
                let range = format!("content-range: bytes {from}-{}/{}\r\n{tag}", content.len() - 1, content.len());
                (response(206, &range, &content[from..], &seen.method), content.len() - from)
            }
            None => (response(200, &tag, &content, &seen.method), content.len()),
        };
        if let Some(Fault::BreakAfter(bytes)) = fault {
            made.truncate(made.len() - start + bytes.min(start));
        }
        made
    }
}

fn response(status: u16, headers: &str, body: &[u8], method: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n", body.len());
    let body = if method == "HEAD" { &[][..] } else { body };
    [head.as_bytes(), body].concat()
}
