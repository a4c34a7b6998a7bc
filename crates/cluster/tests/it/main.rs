//! The local cluster with real child processes, and the client of the GPU cluster API with clusters that misbehave.

#![expect(clippy::expect_used, reason = "a test that cannot set up has failed")]

mod http;
mod stand_in;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use cluster::{ClusterError, EventBatch, LocalCluster, LocalConfig, RunHandle, RunSpec, RunState, Seen, TrainerEventKind, TrainingCluster};
use domain::job::{JobSettings, PresetId, TrainingConfig, preset};
use domain::run::{BaseModelSource, DatasetSource, OutputTarget};
use domain::{AttemptId, JobId};
use tempfile::TempDir;
use uuid::Uuid;

const WAIT: Duration = Duration::from_secs(30);

fn cluster(runs: &TempDir, grace: Duration) -> LocalCluster {
    let program = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fake_trainer.sh"));
    LocalCluster::new(LocalConfig { grace, ..LocalConfig::new(program, runs.path().join("runs"), 2) })
}

fn spec(job: u128, attempt: u32, scenario: &str) -> RunSpec {
    RunSpec {
        job_id: JobId(Uuid::from_u128(job)),
        attempt_id: AttemptId(Uuid::from_u128(job * 100 + u128::from(attempt))),
        attempt,
        base_model: BaseModelSource { id: "m".into(), revision: "1".into(), path: "/m".into(), repo: None },
        dataset: DatasetSource { url: None, path: Some("/d".into()), format: None, sha256: None, size: None },
        config: TrainingConfig { hyperparameters: preset(PresetId::Balanced, 256), settings: JobSettings::default() },
        output: OutputTarget { dir: "anywhere".into(), uploads: BTreeMap::new() },
        gpu: None,
        callback: None,
        resume_from: None,
        parent: None,
        memory_limit: None,
        threads: None,
        kernel_cache: None,
        provenance: BTreeMap::from([("scenario".to_owned(), scenario.to_owned())]),
    }
}

/// Follows a run to its end and returns every event with the last state.
async fn follow(cluster: &LocalCluster, handle: &RunHandle) -> EventBatch {
    let mut events = Vec::new();
    loop {
        let after = events.last().map_or(0, |e: &cluster::TrainerEvent| e.seq);
        let batch = cluster.events(handle, &Seen::up_to(after), WAIT).await.expect("events");
        events.extend(batch.events.iter().cloned());
        if batch.state != RunState::Running {
            return EventBatch { events, ..batch };
        }
    }
}

/// Reads until a run has said that it is under way.
async fn second_event(cluster: &LocalCluster, handle: &RunHandle) {
    let mut after = 0;
    while after < 2 {
        after = cluster.events(handle, &Seen::up_to(after), WAIT).await.expect("events").events.last().map_or(after, |e| e.seq);
    }
}

fn seqs(batch: &EventBatch) -> Vec<u64> {
    batch.events.iter().map(|e| e.seq).collect()
}

#[tokio::test]
async fn a_run_is_followed_to_its_end_and_submitted_once() {
    let runs = TempDir::new().expect("folder");
    let cluster = cluster(&runs, Duration::from_secs(5));
    let spec = spec(1, 1, "complete");
    let handle = cluster.submit(&spec).await.expect("starts");
    assert_eq!(cluster.submit(&spec).await.expect("again"), handle);
    let batch = follow(&cluster, &handle).await;
    assert_eq!(seqs(&batch), vec![1, 2]);
    assert!(matches!(batch.events[1].kind, TrainerEventKind::Complete { .. }));
    let RunState::Ended { exit, last_lines } = batch.state else { panic!("{:?}", batch.state) };
    assert_eq!((exit.code, last_lines), (Some(0), vec!["a warning on the error output".to_owned()]));
    assert_eq!(cluster.submit(&spec).await.expect("after the end"), handle);
    assert_eq!(seqs(&cluster.events(&handle, &Seen::up_to(1), WAIT).await.expect("again")), vec![2]);
    let other = RunSpec { attempt_id: AttemptId(Uuid::from_u128(9)), ..spec };
    assert!(matches!(cluster.submit(&other).await, Err(ClusterError::Permanent { .. })));
}

#[tokio::test]
async fn a_run_that_dies_says_how() {
    let runs = TempDir::new().expect("folder");
    let cluster = cluster(&runs, Duration::from_secs(5));
    let handle = cluster.submit(&spec(1, 1, "die")).await.expect("starts");
    let batch = follow(&cluster, &handle).await;
    let RunState::Ended { exit, last_lines } = batch.state else { panic!("{:?}", batch.state) };
    assert_eq!((exit.to_string().as_str(), last_lines.len(), last_lines[49].as_str()), ("exit code 3", 50, "line 80"));
    let handle = cluster.submit(&spec(2, 1, "killed")).await.expect("starts");
    let RunState::Ended { exit, .. } = follow(&cluster, &handle).await.state else { panic!("not ended") };
    assert_eq!(exit.to_string(), "killed by signal 9 (often: out of memory)");
}

#[tokio::test]
async fn rubbish_on_the_output_is_skipped() {
    let runs = TempDir::new().expect("folder");
    let cluster = cluster(&runs, Duration::from_secs(5));
    let handle = cluster.submit(&spec(1, 1, "garbage")).await.expect("starts");
    let batch = follow(&cluster, &handle).await;
    assert_eq!(seqs(&batch), vec![1, 2, 3]);
    assert!(matches!(batch.state, RunState::Ended { .. }));
}

#[tokio::test]
async fn cancel_lets_a_run_save_and_kills_one_that_does_not_leave() {
    let runs = TempDir::new().expect("folder");
    let cluster = cluster(&runs, Duration::from_millis(500));
    let handle = cluster.submit(&spec(1, 1, "wait")).await.expect("starts");
    second_event(&cluster, &handle).await;
    cluster.cancel(&handle).await.expect("cancelled");
    let batch = follow(&cluster, &handle).await;
    assert!(matches!(batch.events[2].kind, TrainerEventKind::Stopped { step: 7, checkpoint_saved: true }));
    let handle = cluster.submit(&spec(2, 1, "hang")).await.expect("starts");
    second_event(&cluster, &handle).await;
    cluster.cancel(&handle).await.expect("cancelled");
    let RunState::Ended { exit, .. } = follow(&cluster, &handle).await.state else { panic!("not ended") };
    assert_eq!(exit.signal, Some(9));
    cluster.cancel(&handle).await.expect("cancelling what has ended is no error");
    cluster.cancel(&RunHandle("nonsense".into())).await.expect("nor what is not known");
    assert_eq!(cluster.health().await.running, 0);
}

#[tokio::test]
async fn places_are_counted_and_attempts_of_a_job_never_overlap() {
    let runs = TempDir::new().expect("folder");
    let cluster = cluster(&runs, Duration::from_secs(5));
    let first = cluster.submit(&spec(1, 1, "wait")).await.expect("starts");
    second_event(&cluster, &first).await;
    cluster.submit(&spec(2, 1, "wait")).await.expect("starts");
    assert!(matches!(cluster.submit(&spec(3, 1, "wait")).await, Err(ClusterError::Busy { capacity: 2 })));
    cluster.cancel(&handle_of(2, 1)).await.expect("cancelled");
    let second = cluster.submit(&spec(1, 2, "wait")).await.expect("starts");
    assert!(matches!(follow(&cluster, &first).await.state, RunState::Ended { .. }), "the first attempt was stopped before");
    second_event(&cluster, &second).await;
    cluster.shutdown().await;
    let batch = follow(&cluster, &second).await;
    assert!(matches!(batch.events[2].kind, TrainerEventKind::Stopped { .. }));
}

fn handle_of(job: u128, attempt: u32) -> RunHandle {
    RunHandle(format!("{}/attempt-{attempt}", Uuid::from_u128(job)))
}

/// Starts a run in a runtime of its own and drops that, as a killed server would.
fn orphan(runs: &TempDir, spec: &RunSpec) -> RunHandle {
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    runtime.block_on(async {
        let cluster = cluster(runs, Duration::from_millis(500));
        let handle = cluster.submit(spec).await.expect("starts");
        second_event(&cluster, &handle).await;
        handle
    })
}

#[test]
fn a_run_whose_server_dies_saves_and_is_found_lost_with_all_its_events() {
    let runs = TempDir::new().expect("folder");
    let spec = spec(1, 1, "wait");
    let handle = orphan(&runs, &spec);
    tokio::runtime::Runtime::new().expect("runtime").block_on(async {
        let cluster = cluster(&runs, Duration::from_millis(500));
        assert_eq!(cluster.submit(&spec).await.expect("known"), handle);
        let batch = follow(&cluster, &handle).await;
        assert!(matches!(batch.events[2].kind, TrainerEventKind::Stopped { step: 8, .. }), "{:?}", batch.events);
        assert!(matches!(batch.state, RunState::Lost { .. }));
    });
}

#[test]
fn an_orphan_that_does_not_leave_is_killed_before_the_next_attempt() {
    let runs = TempDir::new().expect("folder");
    let handle = orphan(&runs, &spec(1, 1, "hang"));
    tokio::runtime::Runtime::new().expect("runtime").block_on(async {
        let cluster = cluster(&runs, Duration::from_millis(300));
        let batch = cluster.events(&handle, &Seen::up_to(0), WAIT).await.expect("events");
        assert_eq!((seqs(&batch), batch.state), (vec![1, 2], RunState::Running));
        let next = cluster.submit(&spec(1, 2, "complete")).await.expect("starts");
        assert!(matches!(cluster.events(&handle, &Seen::up_to(2), WAIT).await.expect("events").state, RunState::Lost { .. }));
        assert!(matches!(follow(&cluster, &next).await.state, RunState::Ended { .. }));
    });
    let handle = orphan(&runs, &spec(2, 1, "hang"));
    tokio::runtime::Runtime::new().expect("runtime").block_on(async {
        let cluster = cluster(&runs, Duration::from_millis(300));
        assert!(matches!(follow(&cluster, &handle).await.state, RunState::Lost { .. }), "killed by itself after its grace");
    });
}

#[tokio::test]
async fn forget_leaves_only_the_events() {
    let runs = TempDir::new().expect("folder");
    let cluster = cluster(&runs, Duration::from_secs(5));
    let handle = cluster.submit(&spec(1, 1, "complete")).await.expect("starts");
    follow(&cluster, &handle).await;
    let job = cluster_folder(&runs, 1);
    std::fs::create_dir_all(job.join("checkpoints/step-1")).expect("made");
    std::fs::write(job.join("dataset"), "{}").expect("written");
    cluster.forget(&handle).await.expect("forgotten");
    assert!(!job.join("checkpoints").exists() && !job.join("dataset").exists());
    assert!(!job.join("attempt-1/run.json").exists() && job.join("attempt-1/events.jsonl").exists());
    assert_eq!(seqs(&cluster.events(&handle, &Seen::up_to(0), WAIT).await.expect("still there")), vec![1, 2]);
}

fn cluster_folder(runs: &TempDir, job: u128) -> PathBuf {
    runs.path().join("runs").join(Uuid::from_u128(job).to_string())
}

#[tokio::test]
async fn what_is_kept_of_a_job_is_removed_unless_it_runs() {
    let runs = TempDir::new().expect("folder");
    let cluster = cluster(&runs, Duration::from_millis(500));
    assert_eq!(cluster.kept().await.expect("none yet"), vec![]);
    let (done, goes_on) = (spec(1, 1, "complete"), spec(2, 1, "wait"));
    let handle = cluster.submit(&done).await.expect("starts");
    follow(&cluster, &handle).await;
    let running = cluster.submit(&goes_on).await.expect("starts");
    second_event(&cluster, &running).await;
    let mut kept = cluster.kept().await.expect("two");
    kept.sort();
    assert_eq!(kept, vec![done.job_id, goes_on.job_id]);
    for job in kept {
        cluster.remove(job).await.expect("removed or left");
    }
    assert_eq!(cluster.kept().await.expect("one"), vec![goes_on.job_id]);
    cluster.cancel(&running).await.expect("stopped");
    cluster.remove(goes_on.job_id).await.expect("removed");
    cluster.remove(goes_on.job_id).await.expect("again");
    assert_eq!(cluster.kept().await.expect("none"), vec![]);
}

#[tokio::test]
async fn a_missing_trainer_is_a_permanent_error_and_leaves_the_attempt_free() {
    let runs = TempDir::new().expect("folder");
    let broken = LocalCluster::new(LocalConfig::new("/no/such/program".into(), runs.path().join("runs"), 1));
    let spec = spec(1, 1, "complete");
    let error = broken.submit(&spec).await.expect_err("there is none");
    assert!(!error.is_transient() && error.to_string().contains("/no/such/program"), "{error}");
    assert!(!broken.health().await.ok);
    let cluster = cluster(&runs, Duration::from_secs(5));
    assert!(cluster.health().await.ok);
    let handle = cluster.submit(&spec).await.expect("starts");
    assert!(matches!(follow(&cluster, &handle).await.state, RunState::Ended { .. }));
    assert!(matches!(cluster.events(&RunHandle("x".into()), &Seen::up_to(0), WAIT).await, Err(ClusterError::Unknown { .. })));
}
