//! Answers kept under the client's idempotency key, so that a repeated creating request does not create twice.

use crate::connection::Db;
use crate::convert::{instant, small, small_count, unless_there};
use crate::error::Result;
use chrono::{DateTime, Utc};
use domain::UserId;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "idempotency_keys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub route: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub request_hash: String,
        pub response_status: Option<i32>,
        pub response_body: Option<String>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// Which request a key belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// Who asks.
    pub user_id: UserId,
    /// Method and path, such as `POST /api/jobs`.
    pub route: String,
    /// The client's key.
    pub key: String,
}

/// What is known about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reservation {
    /// It is new, and now ours: answer the request, then call [`complete`] or [`release`].
    New,
    /// The same request is being answered.
    InProgress,
    /// The same request was answered like this.
    Answered {
        /// HTTP status.
        status: u16,
        /// Body as sent.
        body: String,
    },
    /// The key was used for another request.
    Mismatch,
}

/// Takes a key for a request with this hash, or says what is known of it. An answer that was never given is forgotten after `abandoned`.
///
/// # Errors
/// When a query fails.
pub async fn reserve(db: &Db, key: &RequestKey, hash: &str, abandoned: chrono::Duration, now: DateTime<Utc>) -> Result<Reservation> {
    let row = Model {
        user_id: key.user_id.uuid(),
        route: key.route.clone(),
        key: key.key.clone(),
        request_hash: hash.to_owned(),
        response_status: None,
        response_body: None,
        created_at: instant(now),
    };
    let tx = db.begin().await?;
    of(Entity::delete_many(), key)
        .filter(Column::ResponseStatus.is_null())
        .filter(Column::CreatedAt.lt(instant(now - abandoned)))
        .exec(&tx)
        .await?;
    let insert = Entity::insert(row.into_active_model()).on_conflict(unless_there()).exec_without_returning(&tx).await?;
    let answer = if insert > 0 {
        Reservation::New
    } else {
        match Entity::find_by_id((key.user_id.uuid(), key.route.clone(), key.key.clone())).one(&tx).await? {
            Some(row) if row.request_hash != hash => Reservation::Mismatch,
            Some(Model { response_status: Some(status), response_body: Some(body), .. }) => {
                Reservation::Answered { status: u16::try_from(small_count(status)).unwrap_or(500), body }
            }
            _ => Reservation::InProgress,
        }
    };
    tx.commit().await?;
    Ok(answer)
}

/// Keeps the answer under the key.
///
/// # Errors
/// When the query fails.
pub async fn complete(db: &Db, key: &RequestKey, status: u16, body: &str) -> Result<()> {
    let query = Entity::update_many()
        .col_expr(Column::ResponseStatus, Expr::value(small(u32::from(status))))
        .col_expr(Column::ResponseBody, Expr::value(body));
    of(query, key).exec(db.write()).await?;
    Ok(())
}

/// Forgets a key whose request failed, so that it can be tried again.
///
/// # Errors
/// When the query fails.
pub async fn release(db: &Db, key: &RequestKey) -> Result<()> {
    of(Entity::delete_many(), key).filter(Column::ResponseStatus.is_null()).exec(db.write()).await?;
    Ok(())
}

/// Forgets keys from before `before`; answers how many.
///
/// # Errors
/// When the query fails.
pub async fn purge(db: &Db, before: DateTime<Utc>) -> Result<u64> {
    Ok(Entity::delete_many().filter(Column::CreatedAt.lt(instant(before))).exec(db.write()).await?.rows_affected)
}

fn of<Q: QueryFilter>(query: Q, key: &RequestKey) -> Q {
    query.filter(Column::UserId.eq(key.user_id.uuid())).filter(Column::Route.eq(&*key.route)).filter(Column::Key.eq(&*key.key))
}
