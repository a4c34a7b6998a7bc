//! The server that a test asks: the whole program but for the network and the trainer.

use super::URL;
use api::{Options, RateLimits, TrustedProxies};
use app::mail::{Mail, MailError, Mailer};
use app::{App, Config, SignupMode};
use blob::FolderStore;
use cluster::{LocalCluster, LocalConfig};
use domain::account::{Tier, TierLimits};
use domain::catalogue::{BaseModel, default_instances};
use domain::dataset::Message;
use serde_json::json;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use testkit::{ManualClock, TestDatabase};
use tokio_util::sync::CancellationToken;

/// Counts words, so that figures do not depend on a base model's files.
struct Words;

impl dataset::TokenCounter for Words {
    fn count_example(&self, messages: &[Message]) -> usize {
        messages.iter().map(|message| self.count_text(&message.content)).sum()
    }

    fn count_text(&self, text: &str) -> usize {
        text.split_whitespace().count()
    }

    fn name(&self) -> &str {
        "test/tiny"
    }
}

impl dataset::view::ExampleViewer for Words {
    fn view(&self, messages: &[Message], options: &dataset::view::ViewOptions) -> Result<dataset::view::ExampleView, String> {
        let mut view = dataset::view::ExampleView::default();
        for (count, message) in messages.iter().enumerate() {
            let part = match message.role.as_str() {
                _ if count >= options.max_seq_length => domain::dataset::TokenPart::Cut,
                "assistant" => domain::dataset::TokenPart::Trained,
                _ => domain::dataset::TokenPart::Context,
            };
            let token = dataset::view::ViewToken { id: 1, start: 0, end: 1 };
            view.segments.push(dataset::view::ViewSegment { part, text: message.content.clone(), tokens: vec![token] });
        }
        Ok(view)
    }

    fn place(&self, examples: &[dataset::view::PlacedExample], _: &domain::job::TrainingConfig) -> Vec<dataset::view::ViewPlace> {
        examples.iter().map(|_| dataset::view::ViewPlace { validation: false, padding: 2 }).collect()
    }
}

/// Keeps the mail that the server sends.
#[derive(Debug, Default)]
pub struct Outbox(Mutex<Vec<Mail>>);

impl Outbox {
    /// What was sent since the last call.
    pub fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut self.0.lock().expect("nobody panics with it"))
    }
}

#[async_trait::async_trait]
impl Mailer for Outbox {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.0.lock().expect("nobody panics with it").push(mail.clone());
        Ok(())
    }
}

pub fn no_page(_: &str) -> Option<Cow<'static, [u8]>> {
    None
}

pub(super) fn generous() -> RateLimits {
    RateLimits { logins: 100_000, writes: 100_000, reads: 100_000 }
}

pub(super) async fn server(
    database: &TestDatabase,
    folder: &Path,
    signup: SignupMode,
    outbox: Arc<Outbox>,
) -> (axum::Router, Arc<App>, Arc<ManualClock>, CancellationToken) {
    let db = database.migrated().await;
    let clock = Arc::new(ManualClock::default());
    let store = FolderStore::open(folder.join("objects"), &[1; 32], URL).await.expect("a store");
    let counter: Arc<dyn dataset::TokenCounter> = Arc::new(Words);
    let local = LocalConfig::new("/bin/false".into(), folder.join("runs"), 1);
    let app = Arc::new(App {
        queue: queue::Queue::new(&db).with_clock(clock.clone()),
        db,
        blob: Arc::new(store),
        cluster: Arc::new(LocalCluster::new(local)),
        clock: clock.clone(),
        tokens: BTreeMap::from([("test/tiny".to_owned(), counter)]),
        hub: app::events::Hub::default(),
        relay: None,
        rates: app::catalogue::Rates::default(),
        feed: app::notifications::Feed::default(),
        examples: app::examples::Examples::new([("test/tiny".to_owned(), Arc::new(Words) as _)].into()),
        mailer: outbox,
        config: config(folder, signup),
    });
    let stopping = CancellationToken::new();
    let router = api::router(
        app.clone(),
        Options {
            rate_limits: generous(),
            page: no_page,
            trusted_proxies: TrustedProxies::default(),
            stopping: stopping.clone(),
            metrics_token: None,
        },
    );
    (router, app, clock, stopping)
}

/// A server with another rule of who may sign up, and its clock.
pub async fn server_with(database: &TestDatabase, folder: &Path, signup: SignupMode) -> (axum::Router, Arc<ManualClock>) {
    let (router, _, clock, _) = server(database, folder, signup, Arc::default()).await;
    (router, clock)
}

fn config(folder: &Path, signup: SignupMode) -> Config {
    let model = folder.join("model");
    std::fs::create_dir_all(&model).expect("a folder");
    let geometry = json!({
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 10,
    });
    std::fs::write(model.join("config.json"), geometry.to_string()).expect("written");
    Config {
        public_url: URL.to_owned(),
        link_url: Some(URL.to_owned()),
        auth_secret: vec![1; 32],
        signup,
        tiers: Tier::ALL.iter().map(|tier| (*tier, TierLimits { max_file_size: 10_000_000, ..TierLimits::default() })).collect(),
        base_models: vec![BaseModel {
            id: "test/tiny".to_owned(),
            display_name: "Tiny".to_owned(),
            parameters: 1_000_000,
            context_length: 512,
            license: "MIT".to_owned(),
            revision: "1".to_owned(),
            path: model,
            repo: None,
        }],
        instances: default_instances(),
        runs_dir: folder.join("runs"),
        min_trainable_examples: 10,
        webhooks_allow_private: true,
        version: "0.0.0".to_owned(),
        watch: app::Watch::default(),
        absent_models: Vec::new(),
    }
}
