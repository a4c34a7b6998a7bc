//! A private Redis server on a free port, stopped when the test's process ends, however it ends.

#![expect(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "made for tests, which fail by panicking")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = "redis-server";
const VARIABLE: &str = "BRIGHTRUN_TEST_REDIS";

/// A server that keeps nothing on disk.
pub struct RedisServer {
    /// A shell that ends the server when its input ends: the kernel closes it with this process.
    keeper: Child,
    address: SocketAddr,
}

impl RedisServer {
    /// Starts one; none where the environment says to do without.
    pub fn start() -> Option<Self> {
        if std::env::var(VARIABLE).is_ok_and(|value| value == "skip") {
            eprintln!("{VARIABLE}=skip: NOT tested with Redis");
            return None;
        }
        let there = Command::new(PROGRAM).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(
            there.is_ok(),
            "{PROGRAM} is not there: install it with `sudo apt-get install -y redis-server`, or set {VARIABLE}=skip to test without it"
        );
        for _ in 0..10 {
            let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
            // Somebody else may take the port in between.
            if let Some(keeper) = spawn(free) {
                return Some(Self { keeper, address: free });
            }
        }
        panic!("{PROGRAM} could not be started on a free port")
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Ends it, as `kill -9`.
    pub fn kill(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().expect("reaped");
    }

    /// Starts it again at the same address, empty.
    pub fn restart(&mut self) {
        self.keeper = spawn(self.address).expect("its port is still free");
    }

    /// The answer to a command as plain text, a line each; for looking at what is kept.
    pub fn command(&self, words: &[&str]) -> String {
        let mut connection = TcpStream::connect(self.address).expect("connected");
        connection.write_all(format!("{}\r\nQUIT\r\n", words.join(" ")).as_bytes()).expect("sent");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("read");
        let lines = answer.lines().filter(|line| !line.starts_with(['*', '$', '+']));
        lines.map(|line| line.trim_start_matches(':')).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(address: SocketAddr) -> Option<Child> {
    let script = r#"
        trap '' INT TERM HUP
        redis-server --bind 127.0.0.1 --port "$1" --save '' --appendonly no --dir / --daemonize no >/dev/null 2>&1 &
        server=$!
        cat >/dev/null
        kill -9 "$server" 2>/dev/null
        wait "$server" 2>/dev/null
    "#;
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", &address.port().to_string()]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut keeper = command.spawn().expect("sh can be run");
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        if answers(address) {
            return Some(keeper);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(keeper.stdin.take());
    keeper.wait().expect("reaped");
    None
}

fn answers(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut connection = TcpStream::connect(address)?;
        connection.set_read_timeout(Some(Duration::from_secs(2)))?;
        connection.write_all(b"PING\r\nQUIT\r\n")?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("+PONG"))
}
