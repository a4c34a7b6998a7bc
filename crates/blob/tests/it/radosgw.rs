//! Ceph's S3 server, where it is installed, over a whole cluster of one: a monitor, a store in memory and the gateway, each a process of
//! this test's with its files in a temporary folder.

use blob::S3Config;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const ACCESS: &str = "test-access-key";
const SECRET: &str = "test-secret-key";
/// How long any step may take.
const LIMIT: Duration = Duration::from_secs(60);
const PROGRAMS: [&str; 6] = ["monmaptool", "ceph", "ceph-mon", "ceph-osd", "radosgw-admin", "radosgw"];

pub struct Radosgw {
    pub config: S3Config,
    // Ended in this order, before their folder goes.
    _processes: Vec<Process>,
    _folder: TempDir,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|l| l.local_addr()).expect("a port").port()
}

fn configuration(folder: &Path, id: &str, port: u16) -> String {
    let data = folder.display();
    format!(
        "[global]\nfsid = {id}\nmon host = [v2:127.0.0.1:{port}/0]\nmon initial members = a\nauth cluster required = none\n\
         auth service required = none\nauth client required = none\nms mon client mode = crc\nosd pool default size = 1\n\
         osd pool default min size = 1\nmon allow pool size one = true\nosd crush chooseleaf type = 0\nosd pool default pg num = 4\n\
         osd pool default pg autoscale mode = off\nmon data avail warn = 2\nmon data avail crit = 1\nrun dir = {data}\n\
         admin socket = {data}/$name.socket\nlog file = {data}/$name.log\npid file = {data}/$name.pid\ncrash dir = {data}\n\
         [mon]\nmon data = {data}/mon\n[osd]\nosd data = {data}/osd\nosd objectstore = memstore\nmemstore device bytes = 1073741824\n\
         [client]\nrgw data = {data}\n"
    )
}

impl Radosgw {
    /// Starts it. None, with the reason on standard error, where it is not installed or does not come up.
    pub fn start() -> Option<Self> {
        let quiet = |program: &&str| Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
        if let Some(missing) = PROGRAMS.iter().find(|program| !quiet(program)) {
            eprintln!("skipped: {missing} is not installed (apt-get install radosgw ceph-mon ceph-osd)");
            return None;
        }
        match Self::cluster() {
            Ok(started) => Some(started),
            Err(reason) => {
                eprintln!("skipped: {reason}");
                None
            }
        }
    }

    fn cluster() -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("folder");
        let (at, port, gateway) = (folder.path(), free_port(), free_port());
        let (id, store) = (uuid::Uuid::now_v7().to_string(), uuid::Uuid::now_v7().to_string());
        for name in ["mon", "osd"] {
            fs::create_dir(at.join(name)).expect("folder");
        }
        fs::write(at.join("ceph.conf"), configuration(at, &id, port)).expect("written");
        let (map, address) = (at.join("map").display().to_string(), format!("[v2:127.0.0.1:{port}]"));
        done(at, "monmaptool", &["--create", "--fsid", &id, "--addv", "a", &address, &map])?;
        done(at, "ceph-mon", &["-i", "a", "--mkfs", "--monmap", &map])?;
        let mut processes = vec![begin(at, "ceph-mon", &["-i", "a", "-f"])];
        done(at, "ceph", &["osd", "new", &store])?;
        done(at, "ceph-osd", &["-i", "0", "--mkfs", "--osd-uuid", &store])?;
        processes.insert(0, begin(at, "ceph-osd", &["-i", "0", "-f"]));
        let keys = [format!("--access-key={ACCESS}"), format!("--secret-key={SECRET}")];
        done(at, "radosgw-admin", &["user", "create", "--uid=test", "--display-name=test", &keys[0], &keys[1]])?;
        let frontend = format!("--rgw-frontends=beast endpoint=127.0.0.1:{gateway}");
        processes.insert(0, begin(at, "radosgw", &["--id", "admin", "-f", &frontend]));
        let limit = Instant::now() + LIMIT;
        while std::net::TcpStream::connect(("127.0.0.1", gateway)).is_err() {
            if Instant::now() > limit {
                return Err("radosgw does not answer within a minute".to_owned());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let config = S3Config {
            bucket: "things".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: Some(format!("http://127.0.0.1:{gateway}")),
            public_endpoint: None,
            path_style: true,
            access_key_id: ACCESS.to_owned(),
            secret_access_key: SECRET.to_owned(),
        };
        Ok(Self { config, _processes: processes, _folder: folder })
    }
}

fn command(folder: &Path, program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.arg("-c").arg(folder.join("ceph.conf")).args(args).current_dir(folder).stdin(Stdio::null());
    command
}

fn begin(folder: &Path, program: &str, args: &[&str]) -> Process {
    Process(command(folder, program, args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts"))
}

/// Runs a command to its end.
fn done(folder: &Path, program: &str, args: &[&str]) -> Result<(), String> {
    let output = fs::File::create(folder.join("output")).expect("a file");
    let mut child =
        command(folder, program, args).stdout(output.try_clone().expect("a file")).stderr(output).spawn().map(Process).expect("it starts");
    let limit = Instant::now() + LIMIT;
    loop {
        match child.0.try_wait().expect("a child") {
            Some(status) if status.success() => return Ok(()),
            None if Instant::now() < limit => std::thread::sleep(Duration::from_millis(20)),
            ended => {
                let said = fs::read_to_string(folder.join("output")).unwrap_or_default();
                let how = ended.map_or_else(|| "does not end".to_owned(), |status| format!("ends with {status}"));
                return Err(format!("{program} {} {how}: {said}", args.join(" ")));
            }
        }
    }
}
