//! What every test of jobs begins with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use app::jobs::{CreateJob, CreatedJob, HyperparametersInput, JobRequest, JobView, SettingsInput, Worker};
use app::{App, Config, SignupMode};
use blob::FolderStore;
use chrono::Duration as Span;
use cluster::TrainerEventKind as Kind;
use db::datasets::Dataset;
use domain::account::{Tier, TierLimits};
use domain::catalogue::{BaseModel, default_instances};
use domain::evaluation::{Evaluation, EvaluationScores};
use domain::job::{JobStage, JobStatus, PresetId, StageGroup};
use domain::run::RunSummary;
use domain::{Caller, Clock, JobId, MicroUsd};
use tempfile::TempDir;
use testkit::{ManualClock, TestDatabase, rows};

use super::adapter;
use super::fake_cluster::FakeCluster;

/// Dollars an hour of the tests' machine: 1,000 micro-dollars a second, so that costs are easy to read.
pub const RATE: f64 = 3.6;
/// Longer than any test.
const NEVER: Duration = Duration::from_secs(100_000);

pub struct World {
    pub app: Arc<App>,
    pub cluster: Arc<FakeCluster>,
    pub clock: Arc<ManualClock>,
    pub worker: Arc<Worker>,
    pub caller: Caller,
    pub dataset: Dataset,
    database: TestDatabase,
    folder: TempDir,
}

impl World {
    /// Over a fresh database.
    pub async fn new(database: TestDatabase) -> Self {
        Self::with(database, TierLimits::default()).await
    }

    /// With other limits of the tier.
    pub async fn with(database: TestDatabase, limits: TierLimits) -> Self {
        Self::build(database, limits, Arc::new(app::mail::LogMailer), app::Watch::default()).await
    }

    /// With other limits of the tier, and runs that may be silent for as long as they like.
    pub async fn patient(database: TestDatabase, limits: TierLimits) -> Self {
        let watch = app::Watch { silent_after: Span::days(365), ..app::Watch::default() };
        Self::build(database, limits, Arc::new(app::mail::LogMailer), watch).await
    }

    /// With a way to send mail.
    pub async fn mailing(database: TestDatabase, mailer: Arc<dyn app::mail::Mailer>) -> Self {
        Self::build(database, TierLimits::default(), mailer, app::Watch::default()).await
    }

    async fn build(database: TestDatabase, limits: TierLimits, mailer: Arc<dyn app::mail::Mailer>, watch: app::Watch) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let db = database.migrated().await;
        let clock = Arc::new(ManualClock::default());
        let cluster = Arc::new(FakeCluster::default());
        let user = rows::stored_user(&db, "ada@example.com", clock.now()).await;
        let dataset = rows::ready_dataset(&db, user.id, "Talks", clock.now()).await;
        let app = app_over(db, folder.path(), cluster.clone(), clock.clone()).await;
        let app = Arc::new(App { mailer, config: Config { watch, ..config(folder.path(), limits) }, ..app });
        let caller = Caller { user_id: user.id, role: domain::account::Role::User, via: domain::Access::Program, address: None };
        let worker = Arc::new(Worker::new(app.clone()));
        Self { app, cluster, clock, worker, caller, dataset, database, folder }
    }

    /// Another process over the same database, which asks it for others' events next to never.
    pub async fn peer(&self, relay: app::relay::Relay) -> Arc<App> {
        let app = app_over(self.database.connect().await, self.folder.path(), self.cluster.clone(), self.clock.clone()).await;
        let (hub, feed) = (app::events::Hub::polling(NEVER), app::notifications::Feed::polling(NEVER));
        Arc::new(App { relay: Some(relay), hub, feed, ..app })
    }

    pub fn request(&self) -> JobRequest {
        let hyperparameters = HyperparametersInput {
            lora_rank: Some(4),
            target_modules: Some(domain::job::TargetModules::of(&["q_proj"])),
            ..HyperparametersInput::default()
        };
        JobRequest {
            dataset_id: self.dataset.id,
            preset_id: Some(PresetId::Balanced),
            base_model: None,
            parent_model_id: None,
            hyperparameters,
            settings: SettingsInput::default(),
            gpu: None,
        }
    }

    pub async fn try_create(&self) -> domain::Result<CreatedJob> {
        // No two jobs are queued at the same instant, so that their order is known.
        self.clock.advance(Span::milliseconds(1));
        let job = CreateJob { request: self.request(), name: None, notes: None };
        app::jobs::create(&self.app, &self.caller, job, None).await
    }

    pub async fn create(&self) -> JobId {
        self.try_create().await.expect("accepted").job_id
    }

    pub async fn view(&self, id: JobId) -> JobView {
        app::jobs::get(&self.app, &self.caller, id).await.expect("there")
    }

    /// Waits until the job looks as asked for.
    pub async fn until(&self, id: JobId, wanted: impl Fn(&JobView) -> bool) -> JobView {
        let wait = async {
            loop {
                let view = self.view(id).await;
                if wanted(&view) {
                    return view;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(20), wait).await {
            Ok(view) => view,
            Err(_) => panic!("the job did not become what was waited for: {:#?}", self.view(id).await),
        }
    }

    pub async fn until_status(&self, id: JobId, status: JobStatus) -> JobView {
        self.until(id, |view| view.status == status).await
    }

    /// Launches what can be launched, and waits for the submission.
    pub async fn launch(&self, id: JobId, attempt: u32) -> cluster::RunSpec {
        self.worker.dispatch().await.expect("dispatched");
        self.cluster.submitted(id, attempt).await
    }

    pub fn say(&self, id: JobId, attempt: u32, elapsed: f64, kind: Kind) {
        self.cluster.say(id, attempt, self.clock.now(), elapsed, kind);
    }

    /// A run that has begun to train, at `elapsed` seconds.
    pub async fn train(&self, id: JobId, attempt: u32, elapsed: f64) -> cluster::RunSpec {
        let spec = self.launch(id, attempt).await;
        self.say(id, attempt, 0.0, started(None));
        self.say(id, attempt, 0.5, stage(JobStage::Training, StageGroup::Training));
        self.say(id, attempt, elapsed, progress(10.0, 3));
        self.say(id, attempt, elapsed, metrics(3, 2.0, None));
        self.until(id, |view| view.current_step == Some(3)).await;
        spec
    }

    /// The names of the job's events, in order; checks that their numbers have no gap.
    pub async fn event_names(&self, id: JobId) -> Vec<String> {
        let events = app::jobs::events(&self.app, &self.caller, app::events::Topic::Job(id), 0, 1000).await.expect("events");
        assert!(events.iter().zip(1_u64..).all(|(e, seq)| e.seq == seq), "numbers have gaps");
        events.into_iter().map(|e| e.name).collect()
    }

    /// The sum of the job's cost records, which must be what the job says that it costs.
    pub async fn cost(&self, id: JobId) -> MicroUsd {
        let filter = db::costs::CostFilter { job_id: Some(id), ..Default::default() };
        let sum = db::costs::sum(&self.app.db, &filter).await.expect("a sum");
        let view = self.view(id).await;
        assert_eq!(view.current_cost, sum);
        assert!(view.final_cost.is_none_or(|cost| cost == sum), "{:?} is not {sum:?}", view.final_cost);
        sum
    }

    /// Uploads a right adapter and reports it.
    pub async fn finish(&self, id: JobId, attempt: u32, elapsed: f64) {
        let word = self.finished(id, attempt, elapsed).await;
        self.say(id, attempt, elapsed, word.kind);
    }

    /// Uploads a right adapter; answers the report of it.
    pub async fn finished(&self, id: JobId, attempt: u32, elapsed: f64) -> cluster::TrainerEvent {
        let spec = self.cluster.run(id, attempt).spec;
        let artifacts = adapter::upload(&*self.app.blob, &spec, &adapter::files(&spec)).await;
        let kind = Kind::Complete { artifacts, path: "adapter".into(), summary: summary() };
        cluster::TrainerEvent { seq: 0, at: self.clock.now(), elapsed_seconds: elapsed, kind }
    }
}

async fn app_over(db: db::Db, folder: &std::path::Path, cluster: Arc<FakeCluster>, clock: Arc<ManualClock>) -> App {
    let store = FolderStore::open(folder.join("objects"), &[1; 32], "http://127.0.0.1:1").await.expect("store");
    App {
        // Tests let hours pass while a task may just have been taken: it must not be taken for another's then.
        queue: queue::Queue::new(&db)
            .with_clock(clock.clone())
            .with_settings(queue::Settings { lease: NEVER, ..queue::Settings::default() }),
        db,
        blob: Arc::new(store),
        cluster,
        clock,
        tokens: BTreeMap::new(),
        hub: app::events::Hub::default(),
        relay: None,
        rates: app::catalogue::Rates::default(),
        feed: app::notifications::Feed::default(),
        examples: app::examples::Examples::default(),
        mailer: Arc::new(app::mail::LogMailer),
        config: config(folder, TierLimits::default()),
    }
}

fn config(folder: &std::path::Path, limits: TierLimits) -> Config {
    let model = folder.join("model");
    std::fs::create_dir_all(&model).expect("folder");
    let geometry = r#"{"hidden_size":32,"intermediate_size":64,"num_hidden_layers":2,"num_attention_heads":2,"vocab_size":10}"#;
    std::fs::write(model.join("config.json"), geometry).expect("written");
    let mut instances = default_instances();
    instances[0].rate_per_hour = MicroUsd::from_usd(RATE);
    Config {
        public_url: "http://127.0.0.1:1".into(),
        link_url: None,
        auth_secret: vec![1; 32],
        signup: SignupMode::Open,
        tiers: Tier::ALL.iter().map(|&tier| (tier, limits)).collect(),
        base_models: vec![BaseModel {
            id: "test/tiny".into(),
            display_name: "Tiny".into(),
            parameters: 1_000_000,
            context_length: 512,
            license: "MIT".into(),
            revision: "1".into(),
            path: model,
            repo: None,
        }],
        instances,
        runs_dir: folder.join("runs"),
        min_trainable_examples: 10,
        webhooks_allow_private: true,
        version: "0.0.0".into(),
        watch: app::Watch::default(),
        absent_models: Vec::new(),
    }
}

pub fn started(resumed_from_step: Option<u64>) -> Kind {
    Kind::Started { version: "0.0.0".into(), device: "cpu".into(), threads: 2, resumed_from_step }
}

pub fn stage(stage: JobStage, group: StageGroup) -> Kind {
    Kind::Stage { stage, group, message: format!("{stage} now") }
}

pub fn progress(progress: f64, step: u64) -> Kind {
    Kind::Progress { progress, epoch: 1, step, total_steps: 100, estimated_time_remaining: Some(60.0) }
}

pub fn metrics(step: u64, training_loss: f64, validation_loss: Option<f64>) -> Kind {
    Kind::Metrics {
        epoch: 1,
        step,
        training_loss: Some(training_loss),
        validation_loss,
        learning_rate: 1e-4,
        gradient_norm: Some(1.0),
        throughput: Some(1000.0),
        gpu_utilization: None,
        memory_bytes: Some(1 << 20),
    }
}

pub fn checkpoint(step: u64) -> Kind {
    Kind::Checkpoint { step, epoch: 1, loss: 1.5, path: format!("/runs/x/checkpoints/step-{step}").into(), size: 10, best: true }
}

pub fn summary() -> RunSummary {
    RunSummary {
        total_epochs: 3,
        total_steps: 100,
        seconds: 10.0,
        initial_training_loss: Some(4.0),
        final_training_loss: Some(1.0),
        initial_validation_loss: Some(4.0),
        final_validation_loss: Some(1.5),
        train_examples: 135,
        validation_examples: 15,
        tokens_per_second: Some(5000.0),
        peak_memory_bytes: Some(1 << 20),
        overfit_gap: Some(0.5),
        loss_trend: Some(domain::model::LossTrend::Rising),
        evaluation: Some(Evaluation {
            examples: 15,
            adapter: EvaluationScores { bleu: Some(12.5), token_accuracy: Some(0.75), ..EvaluationScores::default() },
            ..Evaluation::default()
        }),
    }
}

/// Runs a test once on each kind of database.
pub async fn on_each<F: Future<Output = ()>>(test: impl Fn(World) -> F) {
    for database in testkit::databases() {
        eprintln!("on {}", database.kind);
        test(World::new(database).await).await;
    }
}

/// Seconds as the manual clock takes them.
pub fn seconds(seconds: i64) -> Span {
    Span::seconds(seconds)
}
