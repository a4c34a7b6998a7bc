//! Ceph's S3 server, where it is installed: alone, with its data in files of a temporary folder.

use blob::S3Config;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub struct Radosgw {
    pub config: S3Config,
    process: Child,
    _folder: TempDir,
}

const ACCESS: &str = "test-access-key";
const SECRET: &str = "test-secret-key";

impl Radosgw {
    /// Starts it. None, with the reason on standard error, where it is not installed or does not come up.
    pub fn start() -> Option<Self> {
        let installed = |program: &str| Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
        if !installed("radosgw") || !installed("radosgw-admin") {
            return skipped("radosgw and radosgw-admin are not installed");
        }
        let folder = tempfile::tempdir().expect("folder");
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|l| l.local_addr()).expect("a port").port();
        let data = folder.path().display();
        let options = [
            "--no-mon-config".to_owned(),
            "--rgw-backend-store=dbstore".to_owned(),
            "--rgw-config-store=dbstore".to_owned(),
            format!("--dbstore-db-dir={data}"),
            format!("--dbstore-config-uri=file:{data}/config.db"),
            format!("--log-file={data}/radosgw.log"),
            format!("--run-dir={data}"),
            format!("--rgw-data={data}"),
            format!("--admin-socket={data}/admin.sock"),
        ];
        let user = ["user", "create", "--uid=test", "--display-name=test"];
        let keys = [format!("--access-key={ACCESS}"), format!("--secret-key={SECRET}")];
        let made = Command::new("radosgw-admin").args(&options).args(user).args(keys).output().expect("it runs");
        if !made.status.success() {
            return skipped(&format!("radosgw-admin cannot make an account: {}", String::from_utf8_lossy(&made.stderr)));
        }
        let listen = format!("--rgw-frontends=beast endpoint=127.0.0.1:{port}");
        let mut command = Command::new("radosgw");
        command.args(&options).args([&listen, "-f", "--id=test"]).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("it starts");
        let config = S3Config {
            bucket: "things".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: Some(format!("http://127.0.0.1:{port}")),
            public_endpoint: None,
            path_style: true,
            access_key_id: ACCESS.to_owned(),
            secret_access_key: SECRET.to_owned(),
        };
        let started = Self { config, process, _folder: folder };
        let limit = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > limit {
                return skipped("radosgw does not answer within a minute; this version may need a whole cluster");
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Some(started)
    }
}

fn skipped<T>(reason: &str) -> Option<T> {
    eprintln!("skipped: {reason}");
    None
}

impl Drop for Radosgw {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
