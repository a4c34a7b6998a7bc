//! What is fetched, gone on from, checked, kept, and refused.

use std::path::Path;
use std::time::Duration;

use hub::{Hub, HubError, HubOptions, Patience, Progress, Repo, Unwatched, Watcher};
use tempfile::TempDir;

use crate::stand_in::{COMMIT, Fault, REPO, StandIn};

const SHARD: &str = "model-00001-of-00002.safetensors";
const PATIENCE: Patience =
    Patience { tries: 4, pause: Duration::from_millis(1), longest_pause: Duration::from_millis(20), silence: Duration::from_millis(500) };

fn small_files() -> Vec<(String, Vec<u8>)> {
    let named = |name: &str, content: &str| (name.to_owned(), content.as_bytes().to_vec());
    vec![
        named("config.json", r#"{"model_type":"llama"}"#),
        named("tokenizer.json", "{}"),
        named("tokenizer_config.json", "{}"),
        named("README.md", "not wanted"),
        named("pytorch_model.bin", "not wanted either"),
    ]
}

fn weights(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|i| (i * 7 % 251) as u8).collect()
}

fn one_file() -> Vec<(String, Vec<u8>)> {
    let mut files = small_files();
    files.push(("model.safetensors".to_owned(), weights(300_000)));
    files
}

fn hub(server: &StandIn, cache: &Path, token: Option<&str>, offline: bool) -> Hub {
    let options =
        HubOptions { endpoint: server.endpoint(), token: token.map(str::to_owned), cache: cache.to_owned(), offline, patience: PATIENCE };
    assert!(!format!("{options:?}").contains("hf_secret"));
    Hub::new(options).unwrap()
}

fn repo() -> Repo {
    REPO.parse().unwrap()
}

/// Keeps everything, and says stop when asked to.
#[derive(Default)]
struct Notes {
    progress: Vec<Progress>,
    setbacks: Vec<String>,
    stop_after: Option<u64>,
}

impl Watcher for Notes {
    fn progress(&mut self, progress: &Progress) {
        self.progress.push(progress.clone());
    }
    fn setback(&mut self, message: &str) {
        self.setbacks.push(message.to_owned());
    }
    fn must_stop(&mut self) -> bool {
        self.stop_after.is_some_and(|bytes| self.progress.last().is_some_and(|p| p.file.ends_with("safetensors") && p.done >= bytes))
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != ".lock");
    names.sort();
    names
}

#[tokio::test]
async fn only_what_is_needed_is_fetched_and_its_commit_is_pinned() {
    let (server, cache) = (StandIn::start(one_file()), TempDir::new().unwrap());
    server.require("hf_secret");
    let hub = hub(&server, cache.path(), Some("hf_secret"), false);
    let mut notes = Notes::default();
    let snapshot = hub.snapshot(&repo(), "main", &mut notes).await.unwrap();
    assert_eq!(snapshot.commit, COMMIT);
    assert_eq!(names(&snapshot.folder), ["config.json", "tokenizer.json", "tokenizer_config.json"]);
    hub.weights(&snapshot, &mut notes).await.unwrap();
    assert_eq!(std::fs::read(snapshot.folder.join("model.safetensors")).unwrap(), weights(300_000));
    assert!(!names(&snapshot.folder).iter().any(|name| name.ends_with(".part") || name.starts_with("README") || name.ends_with(".bin")));
    let last = notes.progress.last().unwrap();
    assert_eq!((last.file.as_str(), last.done, last.total), ("model.safetensors", 300_000, 300_000));
    assert!(notes.progress.len() > 3 && notes.progress.is_sorted_by_key(|p| (p.file.ends_with("safetensors"), p.total, p.done)));
    let seen = server.seen();
    let elsewhere: Vec<_> = seen.iter().filter(|s| s.path.starts_with("/elsewhere/")).collect();
    assert!(!elsewhere.is_empty() && elsewhere.iter().all(|s| s.authorization.is_none() && s.host.starts_with("localhost")));
    // Everything is here, so nothing is asked for again.
    let before = seen.len();
    hub.weights(&snapshot, &mut Unwatched).await.unwrap();
    assert_eq!(hub.snapshot(&repo(), COMMIT, &mut Unwatched).await.unwrap(), snapshot);
    assert_eq!(server.seen().len(), before);
}

#[tokio::test]
async fn a_file_that_breaks_off_is_gone_on_from() {
    let (server, cache) = (StandIn::start(one_file()), TempDir::new().unwrap());
    let hub = hub(&server, cache.path(), None, false);
    let snapshot = hub.snapshot(&repo(), "main", &mut Unwatched).await.unwrap();
    let broken = [Fault::BreakAfter(100_000), Fault::BreakAfter(50_000), Fault::Status(503, None), Fault::BreakAfter(1), Fault::Silent];
    server.fail("GET /elsewhere/model.safetensors", broken);
    let mut notes = Notes::default();
    hub.weights(&snapshot, &mut notes).await.unwrap();
    assert_eq!(std::fs::read(snapshot.folder.join("model.safetensors")).unwrap(), weights(300_000));
    let ranges: Vec<_> = server.seen().into_iter().filter(|s| s.path.starts_with("/elsewhere/")).map(|s| s.range).collect();
    let part = |from: u64| Some(format!("bytes={from}-"));
    assert_eq!(ranges, [None, part(100_000), part(150_000), part(150_000), part(150_001), part(150_001)]);
    assert_eq!(notes.setbacks.len(), 5, "{:?}", notes.setbacks);
}

#[tokio::test]
async fn a_stop_keeps_what_has_come_and_another_process_goes_on() {
    let (server, cache) = (StandIn::start(one_file()), TempDir::new().unwrap());
    let first = hub(&server, cache.path(), None, false);
    let snapshot = first.snapshot(&repo(), "main", &mut Unwatched).await.unwrap();
    server.fail("GET /elsewhere/model.safetensors", [Fault::BreakAfter(200_000)]);
    let mut notes = Notes { stop_after: Some(200_000), ..Notes::default() };
    assert!(matches!(first.weights(&snapshot, &mut notes).await, Err(HubError::Stopped)));
    assert!(!snapshot.folder.join("model.safetensors").exists());
    server.fail("GET /elsewhere/model.safetensors", [Fault::Whole]);
    hub(&server, cache.path(), None, false).weights(&snapshot, &mut Unwatched).await.unwrap();
    assert_eq!(std::fs::read(snapshot.folder.join("model.safetensors")).unwrap(), weights(300_000));
    let last = server.seen().pop().unwrap();
    assert_eq!(last.range.as_deref(), Some("bytes=200000-"), "the server may send the whole all the same");
}

#[tokio::test]
async fn a_wrong_checksum_is_fetched_anew_once_and_then_refused() {
    let (server, cache) = (StandIn::start(one_file()), TempDir::new().unwrap());
    let hub = hub(&server, cache.path(), None, false);
    let snapshot = hub.snapshot(&repo(), "main", &mut Unwatched).await.unwrap();
    server.fail("GET /elsewhere/model.safetensors", [Fault::Damaged, Fault::Damaged, Fault::Damaged]);
    let error = hub.weights(&snapshot, &mut Unwatched).await.unwrap_err();
    assert!(matches!(&error, HubError::Checksum { file, .. } if file == "model.safetensors"), "{error}");
    assert!(!snapshot.folder.join("model.safetensors").exists());
    let mut notes = Notes::default();
    hub.weights(&snapshot, &mut notes).await.unwrap();
    assert!(notes.setbacks.len() == 1 && notes.setbacks[0].contains("damaged"), "{:?}", notes.setbacks);
    assert_eq!(std::fs::read(snapshot.folder.join("model.safetensors")).unwrap(), weights(300_000));
}

#[tokio::test]
async fn shards_come_by_their_index() {
    let mut files = small_files();
    let index = format!(r#"{{"metadata":{{}},"weight_map":{{"a":"{SHARD}","b":"model-00002-of-00002.safetensors","c":"{SHARD}"}}}}"#);
    files.push(("model.safetensors.index.json".to_owned(), index.into_bytes()));
    files.push((SHARD.to_owned(), weights(5_000)));
    files.push(("model-00002-of-00002.safetensors".to_owned(), weights(7_000)));
    let (server, cache) = (StandIn::start(files), TempDir::new().unwrap());
    let hub = hub(&server, cache.path(), None, false);
    let snapshot = hub.snapshot(&repo(), "main", &mut Unwatched).await.unwrap();
    let mut notes = Notes { stop_after: Some(5_000), ..Notes::default() };
    assert!(hub.weights(&snapshot, &mut notes).await.is_err());
    let mut notes = Notes::default();
    hub.weights(&snapshot, &mut notes).await.unwrap();
    assert_eq!(std::fs::read(snapshot.folder.join(SHARD)).unwrap(), weights(5_000));
    assert_eq!(notes.progress.last().map(|p| (p.done, p.total)), Some((12_000, 12_000)));
}

#[tokio::test]
async fn an_index_that_leads_elsewhere_is_refused() {
    let mut files = small_files();
    files.push(("model.safetensors.index.json".to_owned(), br#"{"weight_map":{"a":"../../x.safetensors"}}"#.to_vec()));
    let (server, cache) = (StandIn::start(files), TempDir::new().unwrap());
    let hub = hub(&server, cache.path(), None, false);
    let snapshot = hub.snapshot(&repo(), "main", &mut Unwatched).await.unwrap();
    assert!(matches!(hub.weights(&snapshot, &mut Unwatched).await, Err(HubError::Index { .. })));
}

#[tokio::test]
async fn failures_are_told_apart_and_name_what_to_do() {
    let (server, cache) = (StandIn::start(one_file()), TempDir::new().unwrap());
    let at = |token| hub(&server, cache.path(), token, false);
    let listing = format!("GET /api/models/{REPO}/revision/main");
    server.require("hf_secret");
    let error = at(Some("hf_secret_but_wrong")).snapshot(&repo(), "main", &mut Unwatched).await.unwrap_err();
    assert!(matches!(error, HubError::Refused { status: 401, .. }) && error.to_string().contains("HF_TOKEN"), "{error}");
    assert!(!error.to_string().contains("hf_secret") && !error.is_transient());
    let error = at(Some("hf_secret")).snapshot(&repo(), "v9", &mut Unwatched).await.unwrap_err();
    assert!(matches!(error, HubError::NotFound { .. }) && error.to_string().contains("v9"), "{error}");
    server.fail(&listing, [Fault::Status(429, Some(1)), Fault::Status(500, None)]);
    let mut notes = Notes::default();
    at(Some("hf_secret")).snapshot(&repo(), "main", &mut notes).await.unwrap();
    assert!(notes.setbacks.len() == 2 && notes.setbacks[0].contains("429"), "{:?}", notes.setbacks);
    server.fail(&listing, [Fault::Status(502, None); 4]);
    let other = TempDir::new().unwrap();
    let error = hub(&server, other.path(), Some("hf_secret"), false).snapshot(&repo(), "main", &mut Unwatched).await.unwrap_err();
    assert!(matches!(error, HubError::Unreachable { tries: 4, .. }) && error.is_transient(), "{error}");
    assert!(
        Hub::new(HubOptions { endpoint: "ftp://x".into(), token: None, cache: "x".into(), offline: false, patience: PATIENCE }).is_err()
    );
}

#[tokio::test]
async fn without_a_network_what_is_here_is_used_and_the_rest_is_refused() {
    let (server, cache) = (StandIn::start(one_file()), TempDir::new().unwrap());
    let online = hub(&server, cache.path(), None, false);
    let snapshot = online.snapshot(&repo(), "main", &mut Unwatched).await.unwrap();
    online.weights(&snapshot, &mut Unwatched).await.unwrap();
    let before = server.seen().len();
    let offline = hub(&server, cache.path(), None, true);
    assert_eq!(offline.snapshot(&repo(), "main", &mut Unwatched).await.unwrap(), snapshot);
    offline.weights(&snapshot, &mut Unwatched).await.unwrap();
    assert!(matches!(offline.snapshot(&repo(), "v2", &mut Unwatched).await, Err(HubError::Offline { .. })));
    assert_eq!(server.seen().len(), before, "offline asks nothing");
    server.set_down(true);
    let mut notes = Notes::default();
    assert_eq!(online.snapshot(&repo(), "main", &mut notes).await.unwrap(), snapshot);
    assert!(notes.setbacks.last().unwrap().contains("are used"), "{:?}", notes.setbacks);
    // A branch that has moved on is another commit, once the hub answers.
    server.set_down(false);
    server.move_to("ffffffffffffffffffffffffffffffffffffffff");
    let moved = online.snapshot(&repo(), "main", &mut Unwatched).await.unwrap();
    assert!(moved.commit.starts_with("ffff") && moved.folder != snapshot.folder);
    assert_eq!(online.snapshot(&repo(), COMMIT, &mut Unwatched).await.unwrap(), snapshot);
}

#[tokio::test]
async fn a_repository_that_cannot_be_trained_on_is_named_before_anything_large_comes() {
    let files = one_file().into_iter().filter(|(name, _)| name != "tokenizer.json");
    let (server, cache) = (StandIn::start(files), TempDir::new().unwrap());
    let error = hub(&server, cache.path(), None, false).snapshot(&repo(), "main", &mut Unwatched).await.unwrap_err();
    assert!(matches!(&error, HubError::MissingFile { file, .. } if file == "tokenizer.json"), "{error}");
    assert!(server.seen().iter().all(|s| !s.path.contains("safetensors")));
}
