//! One machine of a cluster, and what it says of itself.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::cluster_api::NodeHealth;
use reqwest::{Method, StatusCode};
use tokio::time::Instant;

use super::Timing;
use super::call::{Answer, Caller};
use crate::{ClusterError, NodeState, RunHandle, RunSpec};

/// How many times the age at which it is asked again an answer may have and still be shown meanwhile.
const STALE: u32 = 8;

/// One machine of a cluster.
pub struct Node {
    /// Its address, without a trailing slash.
    pub url: String,
    /// Host and port.
    pub name: String,
    memory: Mutex<Memory>,
}

/// What is remembered of a node; all of it can be lost.
#[derive(Default)]
struct Memory {
    latest: Option<(Instant, View)>,
    /// The last time that it said how it is.
    known: Option<NodeHealth>,
    ours: Option<bool>,
    /// Since when it gives no answer that is of use.
    silent_since: Option<Instant>,
    /// Somebody is asking it.
    asking: bool,
}

/// How a node is.
#[derive(Debug, Clone)]
pub enum View {
    /// A node of ours.
    Ours(Box<NodeHealth>),
    /// A service of somebody else's, which queues by itself.
    Foreign,
    /// It does not answer, or refuses.
    Down {
        /// In words.
        problem: String,
        /// What it was like before.
        before: Option<Box<NodeHealth>>,
    },
}

impl Node {
    pub fn new(url: &str) -> Result<Self, ClusterError> {
        let url = url.trim().trim_end_matches('/');
        let name = reqwest::Url::parse(url).ok().filter(|u| matches!(u.scheme(), "http" | "https")).and_then(|u| {
            let host = u.host_str()?;
            Some(u.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
        });
        let Some(name) = name else {
            let message = format!("GPU_CLUSTER_API_URL holds '{url}', which is no http or https address");
            return Err(ClusterError::Permanent { message, source: None });
        };
        Ok(Self { url: url.to_owned(), name, memory: Mutex::default() })
    }

    /// The handle of a job of this node.
    pub fn handle(&self, id: &str) -> RunHandle {
        RunHandle(format!("{}/jobs/{id}", self.url))
    }

    /// Whether it is one of ours, once that was seen.
    pub fn is_ours(&self) -> Option<bool> {
        self.memory().ours
    }

    /// Notes whether it is one of ours.
    pub fn found(&self, ours: bool) {
        self.memory().ours = Some(ours);
    }

    /// What it said of itself lately does not hold any more.
    pub fn has_changed(&self) {
        self.memory().latest = None;
    }

    /// It gave an answer that is of use.
    pub fn answered(&self) {
        self.memory().silent_since = None;
    }

    /// It gave none; since when it has not.
    pub fn was_silent(&self) -> Duration {
        self.memory().silent_since.get_or_insert_with(Instant::now).elapsed()
    }

    /// How it is, as it said lately; where that is some time ago it is asked again meanwhile.
    pub async fn lately(self: &Arc<Self>, caller: &Caller, timing: &Timing) -> View {
        let latest = self.memory().latest.clone();
        match latest {
            Some((at, view)) if at.elapsed() < timing.health_age * STALE => {
                if at.elapsed() >= timing.health_age && !std::mem::replace(&mut self.memory().asking, true) {
                    let (node, caller, timing) = (Arc::clone(self), caller.clone(), *timing);
                    tokio::spawn(async move {
                        node.ask(&caller, &timing).await;
                        node.memory().asking = false;
                    });
                }
                view
            }
            _ => self.ask(caller, timing).await,
        }
    }

    /// How it is, as it said just now or says now.
    pub async fn view(&self, caller: &Caller, timing: &Timing) -> View {
        if let Some((at, view)) = &self.memory().latest
            && at.elapsed() < timing.health_age
        {
            return view.clone();
        }
        self.ask(caller, timing).await
    }

    async fn ask(&self, caller: &Caller, timing: &Timing) -> View {
        let answer = caller.once(Method::GET, &format!("{}/health", self.url), None, None, timing.health).await;
        let mut memory = self.memory();
        let view = match answer {
            Ok(Answer::Json(value)) => match serde_json::from_value::<NodeHealth>(value) {
                Ok(health) => {
                    memory.known = Some(health.clone());
                    memory.ours = Some(true);
                    View::Ours(Box::new(health))
                }
                Err(_) => View::Foreign,
            },
            Ok(_) => View::Foreign,
            // A service without this address still may take jobs.
            Err(refusal) if matches!(refusal.status, Some(StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)) => View::Foreign,
            Err(refusal) => View::Down { problem: down(&refusal), before: memory.known.clone().map(Box::new) },
        };
        match view {
            View::Foreign => memory.ours = Some(false),
            View::Ours(_) => memory.silent_since = None,
            View::Down { .. } => {
                memory.silent_since.get_or_insert_with(Instant::now);
            }
        }
        memory.latest = Some((Instant::now(), view.clone()));
        view
    }

    /// As the platform shows it.
    pub fn state(&self, view: &View) -> NodeState {
        let message = match view {
            View::Ours(health) => health.message.clone(),
            View::Foreign => "does not say how it is".to_owned(),
            View::Down { problem, .. } => problem.clone(),
        };
        NodeState {
            name: self.name.clone(),
            ok: view.problem().is_none(),
            message,
            version: view.health().map(|h| h.version.clone()),
            running: view.health().map_or(0, |h| u32::try_from(h.running_jobs.len()).unwrap_or(u32::MAX)),
            capacity: match view {
                View::Foreign => None,
                _ => Some(view.health().map_or(0, |h| h.capacity)),
            },
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Every change is one assignment, so it is whole even after a panic.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn down(refusal: &super::call::Refusal) -> String {
    match refusal.status {
        Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => "refuses the key; check GPU_CLUSTER_API_KEY".to_owned(),
        Some(status) => format!("answers {}", status.as_u16()),
        None => refusal.message.clone(),
    }
}

impl View {
    fn health(&self) -> Option<&NodeHealth> {
        match self {
            Self::Ours(health) => Some(health),
            Self::Down { before, .. } => before.as_deref(),
            Self::Foreign => None,
        }
    }

    /// Why it takes no runs.
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Ours(health) if !health.ok => Some(health.message.clone()),
            Self::Down { problem, .. } => Some(problem.clone()),
            Self::Ours(_) | Self::Foreign => None,
        }
    }

    /// Runs at once at most; none where it queues by itself.
    pub fn capacity(&self) -> Option<u32> {
        match self {
            Self::Ours(health) => Some(health.capacity),
            Self::Foreign => None,
            Self::Down { .. } => Some(0),
        }
    }

    /// Runs that it takes now.
    pub fn free(&self) -> u32 {
        match self {
            Self::Ours(health) => health.capacity.saturating_sub(u32::try_from(health.running_jobs.len()).unwrap_or(u32::MAX)),
            Self::Foreign => u32::MAX,
            Self::Down { .. } => 0,
        }
    }

    /// Whether it can be asked and has what a run needs. A service that does not say what it has is taken at its word.
    pub fn fits(&self, spec: &RunSpec) -> bool {
        if self.problem().is_some() {
            return false;
        }
        let Self::Ours(health) = self else { return true };
        let machine = spec.gpu.as_ref().is_none_or(|gpu| health.instance_types.contains(&gpu.instance_type));
        machine && health.base_models.contains(&format!("{}@{}", spec.base_model.id, spec.base_model.revision))
    }
}

/// The instance types that the nodes have, of all that were ever seen or only of those that can be used now; none where one does not say.
pub fn instance_types(views: &[(&Arc<Node>, View)], now: bool) -> Option<Vec<String>> {
    let mut all = BTreeSet::new();
    for (_, view) in views.iter().filter(|(_, view)| !now || view.problem().is_none()) {
        match view {
            View::Foreign => return None,
            _ => all.extend(view.health().into_iter().flat_map(|health| health.instance_types.iter().cloned())),
        }
    }
    Some(all.into_iter().collect())
}
