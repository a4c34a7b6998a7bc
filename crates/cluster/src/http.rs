//! A cluster behind the GPU cluster API: nodes of ours, which hand over every event by number, or the service of somebody else, from whose
//! reports of how a job stands the events are made.
//!
//! Other people's services are taken as they are: answers that are no JSON, refusals for a while, unknown words, jobs that vanish. What is
//! said to go wrong in the end is said by the platform, never by a parser.

mod call;
mod deliver;
mod foreign;
mod node;
mod report;
mod transfer;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::Clock;
use domain::cluster_api::{ClusterJobs, Submission, node_job_id};
use domain::job::GpuConfig;
use futures::future::join_all;
use futures::stream::BoxStream;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{AliveRun, ClusterError, ClusterHealth, EventBatch, NodeState, Offer, RunHandle, RunSpec, RunState, Seen, TrainingCluster};
pub use deliver::{Delivered, Messenger};

use call::{Answer, Caller, Refusal};
use node::{Node, View};

/// Settings of a cluster behind HTTP.
#[derive(Clone)]
pub struct HttpConfig {
    /// Addresses of its nodes, without a trailing slash.
    pub urls: Vec<String>,
    /// Key that is sent as a bearer token.
    pub key: String,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// How long things may take.
    pub timing: Timing,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// One request.
    pub request: Duration,
    /// One question for a node's health.
    pub health: Duration,
    /// How long what a node said of its health is taken to hold.
    pub health_age: Duration,
    /// First pause before a request is made again; it doubles.
    pub pause: Duration,
    /// Longest pause that a `Retry-After` may ask for.
    pub longest_pause: Duration,
    /// How often a cluster of somebody else's is asked how a job stands.
    pub poll: Duration,
    /// How long a cancelled job may take to be gone before the cluster is asked again.
    pub cancel: Duration,
    /// How long a node may be silent before the jobs that it had are given up.
    pub lost: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(15),
            health: Duration::from_secs(3),
            health_age: Duration::from_secs(2),
            pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(10),
            poll: Duration::from_secs(5),
            cancel: Duration::from_secs(10),
            lost: Duration::from_secs(120),
        }
    }
}

/// Trains on machines that serve the GPU cluster API.
pub struct HttpCluster {
    config: HttpConfig,
    caller: Caller,
    nodes: Vec<Arc<Node>>,
    /// When each job of somebody else's cluster was last asked for.
    polled: Mutex<HashMap<RunHandle, Instant>>,
}

impl HttpCluster {
    /// A cluster of the nodes at these addresses.
    ///
    /// # Errors
    /// When an address is none, or the client cannot be made.
    pub fn new(config: HttpConfig) -> Result<Self, ClusterError> {
        let caller = Caller::new(&config.key, config.timing)?;
        let nodes = config.urls.iter().map(|url| Node::new(url).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
        if nodes.is_empty() {
            return Err(ClusterError::Permanent { message: "GPU_CLUSTER_API_URL names no address".to_owned(), source: None });
        }
        Ok(Self { config, caller, nodes, polled: Mutex::default() })
    }

    /// The node of a run and what the node calls it; none where no such node is configured any more.
    fn find<'a>(&self, handle: &'a RunHandle) -> Result<(&Node, &'a str), ClusterError> {
        let found = self.nodes.iter().find_map(|node| {
            let id = handle.0.strip_prefix(&node.url)?.strip_prefix("/jobs/")?;
            is_plain(id).then_some((&**node, id))
        });
        found.ok_or_else(|| ClusterError::Unknown { handle: handle.clone() })
    }

    /// What each node said of itself lately.
    async fn views(&self) -> Vec<(&Arc<Node>, View)> {
        join_all(self.nodes.iter().map(|node| async move { (node, node.view(&self.caller, &self.config.timing).await) })).await
    }

    /// The same, where nobody wants to wait for it.
    async fn lately(&self) -> Vec<(&Arc<Node>, View)> {
        join_all(self.nodes.iter().map(|node| async move { (node, Node::lately(node, &self.caller, &self.config.timing).await) })).await
    }

    /// Stops other attempts of the same job wherever they are, so that no two run at once.
    async fn stop_others(&self, spec: &RunSpec, views: &[(&Arc<Node>, View)]) -> Result<(), ClusterError> {
        let (mine, others) = (node_job_id(spec.job_id, spec.attempt), format!("{}-", spec.job_id));
        for (node, view) in views {
            let View::Ours(health) = view else { continue };
            for id in health.running_jobs.iter().filter(|id| id.starts_with(&others) && **id != mine) {
                self.cancel(&node.handle(id)).await?;
            }
        }
        Ok(())
    }

    /// The nodes to try, the one that runs it already first, then those with the most free places.
    fn choose<'a>(&self, spec: &RunSpec, views: &[(&'a Arc<Node>, View)]) -> Result<Vec<&'a Arc<Node>>, ClusterError> {
        let id = node_job_id(spec.job_id, spec.attempt);
        let has_it = |view: &View| matches!(view, View::Ours(health) if health.running_jobs.contains(&id));
        if let Some((node, _)) = views.iter().find(|(_, view)| has_it(view)) {
            return Ok(vec![node]);
        }
        let fitting: Vec<_> = views.iter().filter(|(_, view)| view.fits(spec)).collect();
        let mut free: Vec<_> = fitting.iter().filter(|(_, view)| view.free() > 0).collect();
        free.sort_by_key(|(_, view)| std::cmp::Reverse(view.free()));
        if !free.is_empty() {
            return Ok(free.iter().map(|(node, _)| *node).collect());
        }
        if !fitting.is_empty() {
            return Err(ClusterError::Busy { capacity: fitting.iter().map(|(_, view)| view.capacity().unwrap_or(0)).sum() });
        }
        let silent: Vec<String> = views.iter().filter_map(|(node, view)| Some(format!("{}: {}", node.name, view.problem()?))).collect();
        if silent.is_empty() {
            let asked = spec.gpu.as_ref().map_or("any machine", |gpu| gpu.instance_type.as_str());
            let message = format!("no node of the cluster has {asked} and the base model {}", spec.base_model.id);
            return Err(ClusterError::Permanent { message, source: None });
        }
        Err(ClusterError::Transient { message: format!("no node of the cluster can be used ({})", silent.join("; ")), source: None })
    }

    async fn submit_to(&self, node: &Node, spec: &RunSpec) -> Result<RunHandle, ClusterError> {
        let one = GpuConfig { instance_type: "any".to_owned(), num_gpus: 1, spot: false };
        let submission = Submission {
            dataset_url: spec.dataset.url.clone().unwrap_or_default(),
            hyperparameters: spec.config.hyperparameters.clone(),
            gpu_config: spec.gpu.clone().unwrap_or(one),
            callback_url: None,
            run: Some(Box::new(spec.clone())),
        };
        let body = serde_json::to_value(&submission)
            .map_err(|e| ClusterError::permanent("the run could not be written as JSON", std::io::Error::other(e)))?;
        let key = spec.attempt_id.to_string();
        let answer = self.caller.patiently(Method::POST, &format!("{}/jobs", node.url), Some(&body), Some(&key)).await;
        node.has_changed();
        match answer {
            Ok(Answer::Json(value)) => foreign::job_id(&value).filter(|id| is_plain(id)).map(|id| node.handle(&id)).ok_or_else(|| {
                ClusterError::Transient { message: format!("{} accepted the job but named no id for it", node.name), source: None }
            }),
            Ok(other) => Err(other.unreadable(&node.name)),
            Err(Refusal { busy: true, .. }) => Err(ClusterError::Busy { capacity: 0 }),
            Err(refusal) => Err(refusal.into_error(&node.name)),
        }
    }

    /// Whether it is too early to ask a cluster of somebody else's again.
    fn rest_of_pause(&self, handle: &RunHandle) -> Duration {
        let mut polled = self.polled.lock().unwrap_or_else(PoisonError::into_inner);
        polled.retain(|_, at| at.elapsed() < self.config.timing.poll * 10);
        match polled.get(handle) {
            Some(at) if at.elapsed() < self.config.timing.poll => self.config.timing.poll - at.elapsed(),
            _ => {
                polled.insert(handle.clone(), Instant::now());
                Duration::ZERO
            }
        }
    }

    /// Whether a node has been silent for so long that the jobs that it had are given up.
    fn is_given_up(&self, node: &Node) -> bool {
        node.was_silent() >= self.config.timing.lost
    }

    /// How a job stands. A job that is not there is asked for a few times before that is believed.
    async fn status(&self, node: &Node, id: &str, query: &str, wait: Duration) -> Result<Value, ClusterError> {
        let url = format!("{}/jobs/{id}{query}", node.url);
        let mut absent = 0;
        loop {
            match self.caller.once(Method::GET, &url, None, None, self.config.timing.request + wait).await {
                Ok(Answer::Json(value)) => {
                    node.answered();
                    return Ok(value);
                }
                Ok(other) => return Err(other.unreadable(&node.name)),
                Err(refusal) if refusal.is_gone() => {
                    node.answered();
                    absent += 1;
                    if absent >= 3 || refusal.code.as_deref() == Some("JOB_NOT_FOUND") {
                        return Err(ClusterError::Unknown { handle: node.handle(id) });
                    }
                    sleep(self.config.timing.pause).await;
                }
                // A key that is refused for a while must not cost a job that runs.
                Err(refusal) => return Err(refusal.into_passing(&node.name)),
            }
        }
    }

    async fn is_gone(&self, node: &Node, id: &str) -> Result<bool, ClusterError> {
        match self.status(node, id, "", Duration::ZERO).await {
            Ok(value) => Ok(match report::of(&value) {
                Some(report) => !report.going_on || report.has_ended(),
                None => foreign::Report::read(&value).status.is_terminal(),
            }),
            Err(ClusterError::Unknown { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl TrainingCluster for HttpCluster {
    async fn submit(&self, spec: &RunSpec) -> Result<RunHandle, ClusterError> {
        let views = self.views().await;
        self.stop_others(spec, &views).await?;
        let mut busy = ClusterError::Busy { capacity: 0 };
        for node in self.choose(spec, &views)? {
            match self.submit_to(node, spec).await {
                // Another worker was faster; the next node may have a place.
                Err(error @ ClusterError::Busy { .. }) => busy = error,
                other => return other,
            }
        }
        Err(busy)
    }

    async fn events(&self, handle: &RunHandle, seen: &Seen, wait: Duration) -> Result<EventBatch, ClusterError> {
        let (node, id) = self.find(handle)?;
        let ours = node.is_ours();
        if ours == Some(false) {
            let early = self.rest_of_pause(handle);
            if !early.is_zero() {
                sleep(early.min(wait)).await;
                return Ok(EventBatch { events: Vec::new(), state: RunState::Running, artifact_urls: BTreeMap::new() });
            }
        }
        let query = if ours == Some(false) { String::new() } else { format!("?since={}&wait_ms={}", seen.seq, wait.as_millis()) };
        let value = match self.status(node, id, &query, wait).await {
            Ok(value) => value,
            Err(error) if error.is_transient() && self.is_given_up(node) => {
                tracing::warn!(%handle, %error, "a node has been silent for too long; the job that it had is given up");
                let last_lines = vec![format!("{error}; given up after {} s", self.config.timing.lost.as_secs())];
                return Ok(EventBatch { events: Vec::new(), state: RunState::Lost { last_lines }, artifact_urls: BTreeMap::new() });
            }
            Err(error) => return Err(error),
        };
        let now = self.config.clock.now();
        match report::of(&value) {
            Some(report) => {
                node.found(true);
                Ok(report.into_batch(seen, now, &node.name))
            }
            None => {
                node.found(false);
                Ok(foreign::Report::read(&value).into_batch(seen, now, &node.name))
            }
        }
    }

    async fn cancel(&self, handle: &RunHandle) -> Result<(), ClusterError> {
        let Ok((node, id)) = self.find(handle) else { return Ok(()) };
        let url = format!("{}/jobs/{id}/cancel", node.url);
        // A node stops a run within this: it asks, waits, and kills.
        let limit = self.config.timing.request + self.config.timing.cancel;
        match self.caller.once(Method::POST, &url, Some(&json!({})), None, limit).await {
            Ok(_) => {}
            Err(refusal) if refusal.is_gone() || refusal.is_conflict() => {}
            Err(refusal) if self.is_given_up(node) => {
                // When it comes back its jobs are looked at, and this one is stopped then.
                tracing::warn!(%handle, problem = refusal.message, "a job cannot be stopped, because its node has been silent for too long");
                return Ok(());
            }
            Err(refusal) => return Err(refusal.into_passing(&node.name)),
        }
        node.has_changed();
        let until = Instant::now() + self.config.timing.cancel;
        loop {
            if self.is_gone(node, id).await? {
                return Ok(());
            }
            if Instant::now() >= until {
                let message =
                    format!("{} has not stopped job {id} {} s after it was asked to", node.name, self.config.timing.cancel.as_secs());
                return Err(ClusterError::Transient { message, source: None });
            }
            sleep(self.config.timing.pause).await;
        }
    }

    async fn forget(&self, handle: &RunHandle) -> Result<(), ClusterError> {
        let Ok((node, id)) = self.find(handle) else { return Ok(()) };
        if node.is_ours() != Some(true) {
            return Ok(());
        }
        match self.caller.patiently(Method::DELETE, &format!("{}/jobs/{id}", node.url), None, None).await {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.is_gone() => Ok(()),
            Err(refusal) => Err(refusal.into_passing(&node.name)),
        }
    }

    async fn health(&self) -> ClusterHealth {
        let views = self.lately().await;
        let nodes: Vec<NodeState> = views.iter().map(|(node, view)| node.state(view)).collect();
        let problems: Vec<String> = nodes.iter().filter(|n| !n.ok).map(|n| format!("{}: {}", n.name, n.message)).collect();
        let ok = nodes.iter().any(|n| n.ok);
        let message = match (ok, problems.is_empty()) {
            (true, true) => format!("{} node{}", nodes.len(), if nodes.len() == 1 { "" } else { "s" }),
            _ => problems.join("; "),
        };
        // What cannot be reached is counted as taken: jobs that run there are still followed.
        let places = nodes.iter().map(|n| n.capacity).try_fold(0_u32, |sum, capacity| Some(sum.saturating_add(capacity?)));
        let running = nodes.iter().map(|n| if n.ok { n.running } else { n.capacity.unwrap_or(n.running) }).sum();
        ClusterHealth {
            ok,
            message,
            running,
            capacity: if ok { places } else { Some(0) },
            instance_types: Some(Offer { now: node::instance_types(&views, true), ever: node::instance_types(&views, false) }),
            nodes,
        }
    }

    async fn alive(&self) -> Result<Vec<AliveRun>, ClusterError> {
        let mut alive = Vec::new();
        for (node, view) in self.lately().await {
            let View::Ours(health) = view else { continue };
            if health.running_jobs.is_empty() {
                continue;
            }
            let answer =
                self.caller.once(Method::GET, &format!("{}/jobs?active=true", node.url), None, None, self.config.timing.request).await;
            let Ok(Answer::Json(value)) = answer else { continue };
            let Ok(listed) = serde_json::from_value::<ClusterJobs>(value) else { continue };
            alive.extend(listed.jobs.into_iter().filter(|j| j.running).map(|j| AliveRun {
                handle: node.handle(&j.job_id),
                run: j.run,
                origin: j.origin,
            }));
        }
        Ok(alive)
    }

    async fn fetch(&self, url: &str) -> Result<BoxStream<'static, std::io::Result<Bytes>>, ClusterError> {
        // Files that the cluster itself serves are read with its key; nobody else ever sees it.
        let own = self.nodes.iter().any(|node| url.strip_prefix(&node.url).is_some_and(|rest| rest.starts_with('/')));
        transfer::fetch(self.caller.clone(), url.to_owned(), own).await
    }
}

/// Whether an id can stand in a path as it is.
fn is_plain(id: &str) -> bool {
    (1..=200).contains(&id.len()) && id != "." && id != ".." && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:~".contains(&b))
}
