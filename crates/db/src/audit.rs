//! The audit log. Rows are added and read; the database itself refuses to change or remove one.

use crate::connection::Db;
use crate::convert::{instant, text};
use crate::error::{Error, Result};
use crate::page::{Page, Paged, bounded_count};
use chrono::{DateTime, Utc};
use domain::audit::AuditAction;
use domain::{AuditId, UserId};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use uuid::Uuid;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_log")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub at: DateTimeUtc,
        pub action: String,
        pub actor_id: Option<Uuid>,
        pub subject_id: Option<Uuid>,
        pub via: Option<String>,
        pub address_prefix: Option<String>,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub details: Option<Json>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// A line of the audit log. Holds ids rather than names, and no secrets, so that nothing in it must ever be erased.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: DateTime<Utc>,
    /// What was done.
    pub action: AuditAction,
    /// By which account; none where nobody was logged in.
    pub actor_id: Option<UserId>,
    /// To what: an account, a session, a key, an invitation.
    pub subject_id: Option<Uuid>,
    /// How the actor came in: `session:ID` or `key:ID`.
    pub via: Option<String>,
    /// Network of the actor.
    pub address_prefix: Option<String>,
    /// What changed from what to what.
    pub details: Option<Value>,
}

impl TryFrom<Model> for Entry {
    type Error = Error;
    fn try_from(m: Model) -> Result<Self> {
        Ok(Self {
            id: AuditId(m.id),
            at: m.at,
            action: text("audit_log.action", &m.action)?,
            actor_id: m.actor_id.map(UserId),
            subject_id: m.subject_id,
            via: m.via,
            address_prefix: m.address_prefix,
            details: m.details,
        })
    }
}

/// Adds lines.
///
/// # Errors
/// When the query fails.
pub async fn insert(db: &Db, entries: &[Entry]) -> Result<()> {
    write(db.write(), entries).await
}

/// Adds lines in a transaction, together with what they are about.
pub(crate) async fn write(connection: &impl ConnectionTrait, entries: &[Entry]) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let model = |e: &Entry| {
        let model = Model {
            id: e.id.uuid(),
            at: instant(e.at),
            action: e.action.as_str().to_owned(),
            actor_id: e.actor_id.map(UserId::uuid),
            subject_id: e.subject_id,
            via: e.via.clone(),
            address_prefix: e.address_prefix.clone(),
            details: e.details.clone(),
        };
        model.into_active_model()
    };
    Entity::insert_many(entries.iter().map(model)).exec_without_returning(connection).await?;
    Ok(())
}

/// Which lines to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only this act.
    pub action: Option<AuditAction>,
    /// Only what this account did, or what was done to it.
    pub user_id: Option<UserId>,
}

/// A page of lines, newest first.
///
/// # Errors
/// When a query fails.
pub async fn list(db: &Db, filter: &AuditFilter, page: Page) -> Result<Paged<Entry>> {
    let mut query = Entity::find();
    if let Some(action) = filter.action {
        query = query.filter(Column::Action.eq(action.as_str()));
    }
    if let Some(user) = filter.user_id {
        query = query.filter(Condition::any().add(Column::ActorId.eq(user.uuid())).add(Column::SubjectId.eq(user.uuid())));
    }
    let total = bounded_count(db.read(), query.clone(), Column::At).await?;
    let query = query.order_by_desc(Column::At).order_by_desc(Column::Id);
    let rows = query.offset(page.offset()).limit(page.size).all(db.read()).await?;
    Ok(Paged { rows: rows.into_iter().map(Entry::try_from).collect::<Result<_>>()?, total })
}
