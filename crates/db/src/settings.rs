//! What accounts have said about themselves: budget, defaults, what they want to be told.

use crate::connection::Db;
use crate::convert::{from_json_opt, instant, instant_opt, to_json};
use crate::error::Result;
use chrono::{DateTime, Utc};
use domain::notification::Preferences;
use domain::{MicroUsd, UserId};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "user_settings")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: Uuid,
        pub monthly_budget_micros: Option<i64>,
        pub time_zone: Option<String>,
        pub base_model: Option<String>,
        pub instance_type: Option<String>,
        pub notifications: Option<Json>,
        pub summary_sent_at: Option<DateTimeUtc>,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// An account's settings; what it has not said is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The monthly budget that it has set itself. What an administrator or its tier allows is elsewhere, and bounds it.
    pub monthly_budget: Option<MicroUsd>,
    /// IANA name of its time zone.
    pub time_zone: Option<String>,
    /// Base model of its jobs where a request names none.
    pub base_model: Option<String>,
    /// Instance type of its jobs where a request names none.
    pub instance_type: Option<String>,
    /// What it wants to be told.
    pub notifications: Preferences,
    /// Until when its weeks are summed up.
    pub summary_sent_at: Option<DateTime<Utc>>,
}

impl TryFrom<Model> for Settings {
    type Error = crate::Error;
    fn try_from(m: Model) -> Result<Self> {
        Ok(Self {
            monthly_budget: m.monthly_budget_micros.map(MicroUsd),
            time_zone: m.time_zone,
            base_model: m.base_model,
            instance_type: m.instance_type,
            notifications: from_json_opt("user_settings.notifications", m.notifications)?.unwrap_or_default(),
            summary_sent_at: m.summary_sent_at,
        })
    }
}

/// An account's settings; those of an account that has said nothing are empty.
///
/// # Errors
/// When the query fails.
pub async fn get(db: &Db, user_id: UserId) -> Result<Settings> {
    get_in(db.read(), user_id).await
}

pub(crate) async fn get_in<C: ConnectionTrait>(connection: &C, user_id: UserId) -> Result<Settings> {
    Ok(Entity::find_by_id(user_id.uuid()).one(connection).await?.map(Settings::try_from).transpose()?.unwrap_or_default())
}

/// Lets `change` change an account's settings, and writes them back. Two changes at once follow each other.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn update<T: Send>(db: &Db, user_id: UserId, now: DateTime<Utc>, change: impl FnOnce(&mut Settings) -> T + Send) -> Result<T> {
    let tx = db.begin().await?;
    // The row is made before it is locked, so that there is one to lock.
    let empty = Model {
        user_id: user_id.uuid(),
        monthly_budget_micros: None,
        time_zone: None,
        base_model: None,
        instance_type: None,
        notifications: None,
        summary_sent_at: None,
        updated_at: instant(now),
    };
    let touch = OnConflict::column(Column::UserId).update_column(Column::UserId).to_owned();
    Entity::insert(empty.into_active_model()).on_conflict(touch).exec_without_returning(&tx).await?;
    let mut settings = get_in(&tx, user_id).await?;
    let answer = change(&mut settings);
    let row = Model {
        user_id: user_id.uuid(),
        monthly_budget_micros: settings.monthly_budget.map(|budget| budget.0),
        time_zone: settings.time_zone,
        base_model: settings.base_model,
        instance_type: settings.instance_type,
        notifications: Some(to_json("user_settings.notifications", &settings.notifications)?),
        summary_sent_at: instant_opt(settings.summary_sent_at),
        updated_at: instant(now),
    };
    Entity::update(row.into_active_model().reset_all()).exec(&tx).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Accounts with settings whose weeks were summed up before `before`, or never; at most `limit`.
///
/// # Errors
/// When the query fails.
pub async fn unsummed(db: &Db, before: DateTime<Utc>, limit: u64) -> Result<Vec<(UserId, Settings)>> {
    let due = Condition::any().add(Column::SummarySentAt.is_null()).add(Column::SummarySentAt.lt(instant(before)));
    let rows = Entity::find().filter(due).order_by_asc(Column::UserId).limit(limit).all(db.read()).await?;
    rows.into_iter().map(|row| Ok((UserId(row.user_id), row.try_into()?))).collect()
}

/// Notes that an account's weeks are summed up until `now`; false where another process has done so since `before`.
///
/// # Errors
/// When the query fails.
pub async fn take_summary(db: &Db, user_id: UserId, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool> {
    let due = Condition::any().add(Column::SummarySentAt.is_null()).add(Column::SummarySentAt.lt(instant(before)));
    let query = Entity::update_many().col_expr(Column::SummarySentAt, Expr::value(instant(now)));
    Ok(query.filter(Column::UserId.eq(user_id.uuid())).filter(due).exec(db.write()).await?.rows_affected > 0)
}
