//! Which statements were run, and whether the database has an index for each.

#![expect(clippy::panic, reason = "made for tests, which fail by panicking")]

use db::Db;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};

/// The statements that this thread ran since it was made; of `#[tokio::test]`, everything that the test itself awaits.
#[derive(Debug)]
pub struct Statements {
    seen: Arc<Mutex<BTreeSet<String>>>,
    _guard: DefaultGuard,
}

impl Statements {
    /// Records until it is dropped.
    pub fn record() -> Self {
        let seen = Arc::<Mutex<BTreeSet<String>>>::default();
        let guard = tracing::subscriber::set_default(Recorder(seen.clone()));
        Self { seen, _guard: guard }
    }

    /// What was run since the last time that this was asked.
    pub fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Recorder(Arc<Mutex<BTreeSet<String>>>);

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "db::statement"
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Sql(&self.0));
    }

    // No span is enabled.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Sql<'a>(&'a Mutex<BTreeSet<String>>);

impl Visit for Sql<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "sql" {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// Where a statement would read a whole table. None where it goes by indexes, or reads a part of one in its order.
///
/// # Panics
/// When the database cannot plan it.
pub async fn scan(db: &Db, sql: &str) -> Option<String> {
    let first = sql.split(' ').next().unwrap_or_default();
    if !matches!(first, "SELECT" | "UPDATE" | "DELETE" | "WITH") {
        return None;
    }
    let plan = match db.plan(sql).await {
        Ok(plan) => plan,
        Err(error) => panic!("the statement cannot be planned: {error}: {sql}"),
    };
    let scans = if db.backend() == "sqlite" { scans_sqlite(&plan, sql) } else { scans_postgres(&plan) };
    scans.then(|| format!("{}: {sql}\n    {}", db.backend(), plan.join("\n    ")))
}

fn scans_sqlite(plan: &[String], sql: &str) -> bool {
    let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE FOR ORDER BY"));
    plan.iter().filter(|step| step.starts_with("SCAN ")).any(|step| {
        let derived = step.contains("sub_query") || step.contains("CONSTANT ROW") || step.contains("(subquery");
        let in_order = step.contains("USING") && sql.contains("LIMIT") && !sorts;
        !derived && !in_order
    })
}

/// With sequential scans disabled the planner takes one only where it has nothing else.
fn scans_postgres(plan: &[String]) -> bool {
    // Below a count at most: one that is bounded.
    let limit = |step: &String| step.trim_start_matches([' ', '-', '>']).starts_with("Limit");
    let bounded = plan.iter().take(2).any(limit) && !plan.iter().any(|step| step.contains("Sort  (") && !step.contains("Incremental"));
    plan.iter().enumerate().any(|(at, step)| {
        let whole_index = (step.contains("Index Scan") || step.contains("Index Only Scan"))
            && !plan.get(at + 1).is_some_and(|next| next.trim_start().starts_with("Index Cond"));
        step.contains("Seq Scan") || whole_index && !bounded
    })
}
