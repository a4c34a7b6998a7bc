//! Clusters that keep their files, and runs that nobody wants.

use std::collections::BTreeMap;

use cluster::{RunSpec, TrainingCluster};
use domain::cluster_api::ORIGIN;
use domain::job::JobStatus;
use domain::run::TrainerEventKind as Kind;
use domain::{AttemptId, JobId};
use uuid::Uuid;

use super::adapter;
use super::world::{World, on_each, seconds, started, summary};

/// The run finishes, and its cluster keeps these files.
fn keep(world: &World, id: JobId, files: BTreeMap<String, Vec<u8>>) {
    let at = |(name, bytes): (String, Vec<u8>)| (format!("https://cluster.example/{name}"), bytes);
    *world.cluster.files.lock().expect("no panic") = files.into_iter().map(at).collect();
    world.say(id, 1, 5.0, Kind::Complete { artifacts: Vec::new(), path: "".into(), summary: summary() });
}

#[tokio::test]
async fn an_adapter_that_the_cluster_keeps_is_brought_in_and_verified() {
    on_each(|world| async move {
        let id = world.create().await;
        let spec = world.train(id, 1, 4.0).await;
        let mut files = adapter::files(&spec);
        files.retain(|name, _| name.starts_with("adapter_"));
        keep(&world, id, files.clone());
        let view = world.until_status(id, JobStatus::Completed).await;
        let model = db::models::get(&world.app.db, view.artifact_id.expect("a model")).await.expect("read").expect("there");
        let names: Vec<&str> = model.artifacts.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["adapter_model.safetensors", "adapter_config.json"]);
        assert_eq!(model.artifacts[0].size, files["adapter_model.safetensors"].len() as u64);
        world.cost(id).await;
    })
    .await;
}

#[tokio::test]
async fn an_adapter_that_is_not_what_was_asked_for_is_refused_wherever_it_is_kept() {
    on_each(|world| async move {
        for broken in ["adapter_config.json", "adapter_model.safetensors"] {
            let id = world.create().await;
            let spec = world.train(id, 1, 4.0).await;
            let mut files = adapter::files(&spec);
            files.remove(broken);
            keep(&world, id, files);
            let failure = world.until_status(id, JobStatus::Failed).await.failure.expect("told");
            assert!(failure.message.contains(broken), "{failure:?}");
        }
        let id = world.create().await;
        let spec = world.train(id, 1, 4.0).await;
        let mut files = adapter::files(&spec);
        files.insert("adapter_model.safetensors".into(), adapter::weights(2, 0.5));
        keep(&world, id, files);
        world.until_status(id, JobStatus::Failed).await;
    })
    .await;
}

#[tokio::test]
async fn a_job_that_the_cluster_forgot_is_made_anew() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 4.0).await;
        world.cluster.lose(id, 1);
        let view = world.until(id, |view| view.attempt == 2).await;
        assert_eq!((view.status, view.failure), (JobStatus::Queued, None));
        let attempts = db::jobs::attempts(&world.app.db, id).await.expect("attempts");
        assert_eq!(attempts[0].error_code.as_deref(), Some("run_lost"));
        world.clock.advance(seconds(20));
        world.launch(id, 2).await;
        world.say(id, 2, 0.0, started(Some(3)));
        world.finish(id, 2, 1.0).await;
        let view = world.until_status(id, JobStatus::Completed).await;
        assert_eq!((view.resumed_from_step, view.elapsed_seconds), (Some(3), 5.0), "what ran is paid, and once");
        world.cost(id).await;
    })
    .await;
}

#[tokio::test]
async fn a_run_that_nobody_wants_is_stopped_and_no_other() {
    on_each(|world| async move {
        let wanted = world.create().await;
        let spec = world.launch(wanted, 1).await;
        world.say(wanted, 1, 0.0, started(None));
        let stray = |n: u128, job: Option<JobId>, origin: &str| {
            let provenance = BTreeMap::from([(ORIGIN.to_owned(), origin.to_owned())]);
            let (job_id, attempt_id) = (job.unwrap_or(JobId(Uuid::from_u128(n))), AttemptId(Uuid::from_u128(n)));
            RunSpec { job_id, attempt_id, attempt: 7, provenance, ..spec.clone() }
        };
        let here = world.app.config.public_url.clone();
        let (forgotten, other) = (stray(1, None, &here), stray(2, None, "https://another.example"));
        let earlier = stray(3, Some(wanted), &here);
        for run in [&forgotten, &other, &earlier] {
            world.cluster.submit(run).await.expect("submitted");
        }
        world.worker.reconcile().await.expect("reconciled");
        assert!(!world.cluster.run(forgotten.job_id, 7).cancelled, "it may be about to end");
        world.clock.advance(seconds(11));
        world.worker.reconcile().await.expect("reconciled");
        assert!(world.cluster.run(forgotten.job_id, 7).cancelled, "its job is gone");
        assert!(world.cluster.run(wanted, 7).cancelled, "its job has another attempt");
        assert!(!world.cluster.run(other.job_id, 7).cancelled, "it is another platform's");
        assert!(!world.cluster.run(wanted, 1).cancelled);
    })
    .await;
}
