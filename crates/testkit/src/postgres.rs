//! A private PostgreSQL server for a test binary: in a temporary folder, reached by a socket there, stopped when the binary ends, however
//! it ends.

#![expect(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "made for tests, which fail by panicking")]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

const VARIABLE: &str = "BRIGHTRUN_TEST_POSTGRES";
const MISSING: &str = "these tests need PostgreSQL's server programs (initdb, pg_ctl), and they are neither on PATH nor in \
    /usr/lib/postgresql/*/bin. Install them with `sudo apt-get install -y postgresql`, or set BRIGHTRUN_TEST_POSTGRES=skip to test on \
    SQLite alone";

/// The server, with the pipe that keeps it alive: the kernel closes it when this process ends.
struct Server {
    programs: PathBuf,
    folder: PathBuf,
    _keeper: Child,
}

static SERVER: OnceLock<Option<Server>> = OnceLock::new();

/// The address of a new, empty database; none where the environment says to do without.
pub(crate) fn new_database() -> Option<String> {
    let server = SERVER.get_or_init(start).as_ref()?;
    let name = format!("t{}", uuid::Uuid::new_v4().simple());
    let socket = server.folder.display();
    let mut create = Command::new(server.programs.join("createdb"));
    create.arg("-h").arg(&server.folder).args(["-U", "postgres", &name]);
    let made = create.status().expect("createdb can be run");
    assert!(made.success(), "createdb failed on the test's own server at {socket}");
    Some(format!("postgres://postgres@localhost/{name}?host={socket}"))
}

fn start() -> Option<Server> {
    if std::env::var(VARIABLE).is_ok_and(|v| v == "skip") {
        eprintln!("{VARIABLE}=skip: tested on SQLite only, NOT on PostgreSQL");
        return None;
    }
    let programs = programs().unwrap_or_else(|| panic!("{MISSING}"));
    let folder = tempfile::Builder::new().prefix("brightrun-pg-").tempdir().expect("a temporary folder can be made").keep();
    let user = unprivileged_user();
    if let Some((uid, gid)) = user {
        std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).expect("the folder can be given away");
    }
    // The shell outlives us only until its input ends: then it stops the server and removes the folder.
    let script = r#"
        trap '' INT TERM HUP
        "$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$2/initdb.log" 2>&1 &&
        "$1/pg_ctl" -D "$2/data" -w -t 60 -l "$2/server.log" -o "-k '$2' -c listen_addresses='' -c fsync=off -c synchronous_commit=off \
            -c full_page_writes=off -c max_connections=400" start >"$2/start.log" 2>&1 && echo ready
        cat >/dev/null
        "$1/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null 2>&1
        rm -rf "$2"
    "#;
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(&programs).arg(&folder).current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    let mut keeper = command.spawn().expect("sh can be run");
    let mut line = String::new();
    let output = keeper.stdout.take().expect("its output is piped");
    // Nothing but "ready" is ever written there; the end of the output means that it failed.
    BufReader::new(output).read_line(&mut line).expect("its output can be read");
    assert_eq!(line.trim(), "ready", "PostgreSQL did not start; its logs:\n{}", logs(&folder));
    Some(Server { programs, folder, _keeper: keeper })
}

fn logs(folder: &Path) -> String {
    ["initdb.log", "start.log", "server.log"].iter().filter_map(|name| std::fs::read_to_string(folder.join(name)).ok()).collect()
}

/// Where initdb and pg_ctl are: the newest version, or what PATH has.
fn programs() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").ok().into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> =
        installed.filter_map(|e| Some((e.file_name().to_str()?.parse().ok()?, e.path().join("bin")))).collect();
    versions.sort();
    let on_path = std::env::var_os("PATH").map(|p| std::env::split_paths(&p).collect::<Vec<_>>()).unwrap_or_default();
    let found = |folder: &PathBuf| ["initdb", "pg_ctl", "createdb"].iter().all(|p| folder.join(p).is_file());
    versions.into_iter().rev().map(|(_, folder)| folder).chain(on_path).find(found)
}

/// PostgreSQL refuses to run as root: then as `postgres`, or as `nobody`.
fn unprivileged_user() -> Option<(u32, u32)> {
    let root = std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0);
    if !root {
        return None;
    }
    let accounts = std::fs::read_to_string("/etc/passwd").expect("/etc/passwd can be read");
    let ids = |name: &str| {
        let fields: Vec<&str> = accounts.lines().find(|l| l.split(':').next() == Some(name))?.split(':').collect();
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    };
    Some(ids("postgres").or_else(|| ids("nobody")).expect("there is an account 'postgres' or 'nobody' to run PostgreSQL as"))
}
