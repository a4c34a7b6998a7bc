//! The queue's table: background work that is waiting, running, or was given up.
//!
//! A finished task is removed. A task that is running is held by a lease; when the lease runs out because its worker died, the task can be
//! claimed again. Of the tasks with one dedupe key at most one waits, and none is claimed while another runs.

use crate::connection::Db;
use crate::convert::{instant, small, small_count, unless_there};
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, LockBehavior, LockType, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::Value;
use uuid::Uuid;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "tasks")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub status: String,
        pub payload: Json,
        pub dedupe_key: Option<String>,
        pub attempts: i32,
        pub max_attempts: i32,
        pub run_at: DateTimeUtc,
        pub lease_owner: Option<String>,
        pub lease_until: Option<DateTimeUtc>,
        pub last_error: Option<String>,
        pub created_at: DateTimeUtc,
        pub finished_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

const PENDING: &str = "pending";
const RUNNING: &str = "running";
const FAILED: &str = "failed";

/// A task to be queued.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// Its id.
    pub id: Uuid,
    /// What to do, as the queue reads it.
    pub payload: Value,
    /// A task with the same key that waits already makes this one superfluous.
    pub dedupe_key: Option<String>,
    /// Not before.
    pub run_at: DateTime<Utc>,
    /// How often it may be tried.
    pub max_attempts: u32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A task that a worker has claimed.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedTask {
    /// Its id.
    pub id: Uuid,
    /// What to do.
    pub payload: Value,
    /// This try, from 1. Above `max_attempts` when workers died with it: then it is to be given up, not tried.
    pub attempt: u32,
    /// How often it may be tried.
    pub max_attempts: u32,
    /// What the last try ended with.
    pub last_error: Option<String>,
}

/// Queues tasks; those whose key waits already are left out. Answers how many were added.
///
/// # Errors
/// When a query fails.
pub async fn push(db: &Db, tasks: &[NewTask]) -> Result<usize> {
    if tasks.is_empty() {
        return Ok(0);
    }
    let tx = db.begin().await?;
    let added = push_in(&tx, tasks).await?;
    tx.commit().await?;
    Ok(added)
}

pub(crate) async fn push_in<C: ConnectionTrait>(connection: &C, tasks: &[NewTask]) -> Result<usize> {
    let mut added = 0;
    for task in tasks {
        let row = Model {
            id: task.id,
            status: PENDING.to_owned(),
            payload: task.payload.clone(),
            dedupe_key: task.dedupe_key.clone(),
            attempts: 0,
            max_attempts: small(task.max_attempts),
            run_at: instant(task.run_at),
            lease_owner: None,
            lease_until: None,
            last_error: None,
            created_at: instant(task.created_at),
            finished_at: None,
        };
        let rows = Entity::insert(row.into_active_model()).on_conflict(unless_there()).exec_without_returning(connection).await?;
        added += usize::from(rows > 0);
    }
    Ok(added)
}

/// What can be claimed at `now`: waiting and due, or held by a lease that has run out; and no other task of its key runs.
fn claimable(now: DateTime<Utc>) -> Condition {
    let other = Alias::new("other");
    let twin_runs = Query::select()
        .expr(Expr::val(1))
        .from_as("tasks", other.clone())
        .and_where(Expr::col((other.clone(), Column::DedupeKey)).equals((Entity, Column::DedupeKey)))
        .and_where(Expr::col((other.clone(), Column::Status)).eq(RUNNING))
        .and_where(Expr::col((other, Column::Id)).not_equals((Entity, Column::Id)))
        .take();
    let due = Condition::all().add(Column::Status.eq(PENDING)).add(Column::RunAt.lte(now));
    let abandoned = Condition::all().add(Column::Status.eq(RUNNING)).add(Column::LeaseUntil.lte(now));
    Condition::all().add(Condition::any().add(due).add(abandoned)).add(Expr::not_exists(twin_runs))
}

/// Whether there is anything to claim at `now`. Only reads, so it is cheap to ask often.
///
/// # Errors
/// When the query fails.
pub async fn any_due(db: &Db, now: DateTime<Utc>) -> Result<bool> {
    let row: Option<Uuid> =
        Entity::find().select_only().column(Column::Id).filter(claimable(instant(now))).limit(1).into_tuple().one(db.read()).await?;
    Ok(row.is_some())
}

/// Claims up to `limit` tasks for `owner` until `lease_until`, those that are due the longest first.
///
/// # Errors
/// When a query fails; nothing is claimed then.
pub async fn claim(db: &Db, owner: &str, limit: u64, now: DateTime<Utc>, lease_until: DateTime<Utc>) -> Result<Vec<ClaimedTask>> {
    let tx = db.begin().await?;
    let query = Entity::find().filter(claimable(instant(now))).order_by_asc(Column::RunAt).order_by_asc(Column::Id).limit(limit);
    let rows = query.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked).all(&tx).await?;
    let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
    if !ids.is_empty() {
        Entity::update_many()
            .col_expr(Column::Status, Expr::value(RUNNING))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .col_expr(Column::LeaseOwner, Expr::value(owner))
            .col_expr(Column::LeaseUntil, Expr::value(instant(lease_until)))
            .filter(Column::Id.is_in(ids))
            .exec(&tx)
            .await?;
    }
    tx.commit().await?;
    let claimed = |row: Model| ClaimedTask {
        id: row.id,
        payload: row.payload,
        attempt: small_count(row.attempts).saturating_add(1),
        max_attempts: small_count(row.max_attempts),
        last_error: row.last_error,
    };
    Ok(rows.into_iter().map(claimed).collect())
}

fn held(id: Uuid, owner: &str) -> Condition {
    Condition::all().add(Column::Id.eq(id)).add(Column::Status.eq(RUNNING)).add(Column::LeaseOwner.eq(owner))
}

/// Extends the lease of a task. False where `owner` does not hold it any more: then it must stop working on it.
///
/// # Errors
/// When the query fails.
pub async fn renew(db: &Db, id: Uuid, owner: &str, lease_until: DateTime<Utc>) -> Result<bool> {
    let query = Entity::update_many().col_expr(Column::LeaseUntil, Expr::value(instant(lease_until))).filter(held(id, owner));
    Ok(query.exec(db.write()).await?.rows_affected > 0)
}

/// Removes a task that is done. False where `owner` does not hold it any more.
///
/// # Errors
/// When the query fails.
pub async fn finish(db: &Db, id: Uuid, owner: &str) -> Result<bool> {
    Ok(Entity::delete_many().filter(held(id, owner)).exec(db.write()).await?.rows_affected > 0)
}

/// How a task goes back to waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutBack {
    /// The try failed for a passing reason; it counts.
    Retry {
        /// Not before.
        run_at: DateTime<Utc>,
        /// Why.
        error: String,
    },
    /// The worker stops; the try does not count.
    Released {
        /// Not before.
        run_at: DateTime<Utc>,
    },
}

/// Puts a task back to wait; where another with its key waits already, removes it instead. False where `owner` does not hold it any more.
///
/// # Errors
/// When a query fails.
pub async fn put_back(db: &Db, id: Uuid, owner: &str, how: PutBack) -> Result<bool> {
    let tx = db.begin().await?;
    let Some(row) = Entity::find().filter(held(id, owner)).lock_exclusive().one(&tx).await? else { return Ok(false) };
    let twin = match &row.dedupe_key {
        Some(key) => Entity::find().filter(Column::DedupeKey.eq(&**key)).filter(Column::Status.eq(PENDING)).count(&tx).await? > 0,
        None => false,
    };
    if twin {
        Entity::delete_by_id(id).exec(&tx).await?;
    } else {
        let mut update = Entity::update_many()
            .col_expr(Column::Status, Expr::value(PENDING))
            .col_expr(Column::LeaseOwner, Expr::value(None::<String>))
            .col_expr(Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>));
        update = match how {
            PutBack::Retry { run_at, error } => {
                update.col_expr(Column::RunAt, Expr::value(instant(run_at))).col_expr(Column::LastError, Expr::value(error))
            }
            PutBack::Released { run_at } => update
                .col_expr(Column::RunAt, Expr::value(instant(run_at)))
                .col_expr(Column::Attempts, Expr::value(Ord::max(row.attempts - 1, 0))),
        };
        update.filter(Column::Id.eq(id)).exec(&tx).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Gives a task up for good and keeps it with its error. False where `owner` does not hold it any more.
///
/// # Errors
/// When the query fails.
pub async fn give_up(db: &Db, id: Uuid, owner: &str, error: &str, now: DateTime<Utc>) -> Result<bool> {
    let query = Entity::update_many()
        .col_expr(Column::Status, Expr::value(FAILED))
        .col_expr(Column::LastError, Expr::value(error))
        .col_expr(Column::FinishedAt, Expr::value(instant(now)))
        .col_expr(Column::LeaseOwner, Expr::value(None::<String>))
        .col_expr(Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(held(id, owner));
    Ok(query.exec(db.write()).await?.rows_affected > 0)
}

/// Ends the leases of every running task at once. For the start of a process that knows it is the only worker.
///
/// # Errors
/// When the query fails.
pub async fn expire_all(db: &Db, now: DateTime<Utc>) -> Result<u64> {
    let query = Entity::update_many().col_expr(Column::LeaseUntil, Expr::value(instant(now))).filter(Column::Status.eq(RUNNING));
    Ok(query.exec(db.write()).await?.rows_affected)
}

/// Whether a task with this key waits or runs.
///
/// # Errors
/// When the query fails.
pub async fn is_queued(db: &Db, dedupe_key: &str) -> Result<bool> {
    let query = Entity::find().filter(Column::DedupeKey.eq(dedupe_key)).filter(Column::Status.is_in([PENDING, RUNNING]));
    Ok(query.count(db.read()).await? > 0)
}

/// The queue in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskCounts {
    /// Waiting.
    pub pending: u64,
    /// Running.
    pub running: u64,
    /// Given up.
    pub failed: u64,
    /// Since when the task that is due the longest is due.
    pub oldest_due: Option<DateTime<Utc>>,
}

/// Counts the tasks; `oldest_due` tells when nothing works on the queue.
///
/// # Errors
/// When a query fails.
pub async fn counts(db: &Db, now: DateTime<Utc>) -> Result<TaskCounts> {
    let of = |status: &'static str| Entity::find().filter(Column::Status.eq(status));
    let due = of(PENDING).filter(Column::RunAt.lte(instant(now))).order_by_asc(Column::RunAt);
    Ok(TaskCounts {
        pending: of(PENDING).count(db.read()).await?,
        running: of(RUNNING).count(db.read()).await?,
        failed: of(FAILED).count(db.read()).await?,
        oldest_due: due.one(db.read()).await?.map(|row| row.run_at),
    })
}

/// Removes tasks that were given up before `before`; answers how many.
///
/// # Errors
/// When the query fails.
pub async fn purge(db: &Db, before: DateTime<Utc>) -> Result<u64> {
    let query = Entity::delete_many().filter(Column::Status.eq(FAILED)).filter(Column::FinishedAt.lt(instant(before)));
    Ok(query.exec(db.write()).await?.rows_affected)
}
