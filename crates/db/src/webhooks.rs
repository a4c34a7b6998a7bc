//! Webhooks of accounts, and the log of what was sent to them.

use crate::connection::Db;
use crate::convert::{from_json, instant, instant_opt, small, small_count, text, to_json};
use crate::error::{Error, Result};
use crate::page::{self, Page, Paged};
use crate::tasks::{self, NewTask};
use crate::users;
use chrono::{DateTime, Duration, Utc};
use domain::notification::NotificationKind;
use domain::webhook::DeliveryStatus;
use domain::{DeliveryId, UserId, WebhookId};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhooks")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub user_id: Uuid,
        pub url: String,
        pub description: String,
        pub events: Json,
        pub sealed_secret: String,
        pub old_sealed_secret: Option<String>,
        pub old_secret_until: Option<DateTimeUtc>,
        pub enabled: bool,
        pub disabled_reason: Option<String>,
        pub failures: i32,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

mod delivery {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_deliveries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub webhook_id: Uuid,
        pub event: String,
        pub body: String,
        pub status: String,
        pub tries: i32,
        pub response_status: Option<i32>,
        pub response_body: Option<String>,
        pub error: Option<String>,
        pub created_at: DateTimeUtc,
        pub tried_at: Option<DateTimeUtc>,
        pub next_try_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How long the log of deliveries goes back.
const KEPT: Duration = Duration::days(30);

/// Where an account's notifications are sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Whose.
    pub user_id: UserId,
    /// Address.
    pub url: String,
    /// What it is for, in its owner's words.
    pub description: String,
    /// What is sent; empty means everything.
    pub events: Vec<NotificationKind>,
    /// The secret that messages are signed with, encrypted.
    pub sealed_secret: String,
    /// The one before, while messages are signed with it too.
    pub old_sealed_secret: Option<String>,
    /// Until when they are.
    pub old_secret_until: Option<DateTime<Utc>>,
    /// Whether anything is sent.
    pub enabled: bool,
    /// Why the program has switched it off.
    pub disabled_reason: Option<String>,
    /// Tries that failed since the last one that did not.
    pub failures: u32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl TryFrom<Model> for Webhook {
    type Error = Error;
    fn try_from(m: Model) -> Result<Self> {
        Ok(Self {
            id: WebhookId(m.id),
            user_id: UserId(m.user_id),
            url: m.url,
            description: m.description,
            events: from_json("webhooks.events", m.events)?,
            sealed_secret: m.sealed_secret,
            old_sealed_secret: m.old_sealed_secret,
            old_secret_until: m.old_secret_until,
            enabled: m.enabled,
            disabled_reason: m.disabled_reason,
            failures: small_count(m.failures),
            created_at: m.created_at,
            updated_at: m.updated_at,
        })
    }
}

impl TryFrom<&Webhook> for Model {
    type Error = Error;
    fn try_from(w: &Webhook) -> Result<Self> {
        Ok(Self {
            id: w.id.uuid(),
            user_id: w.user_id.uuid(),
            url: w.url.clone(),
            description: w.description.clone(),
            events: to_json("webhooks.events", &w.events)?,
            sealed_secret: w.sealed_secret.clone(),
            old_sealed_secret: w.old_sealed_secret.clone(),
            old_secret_until: instant_opt(w.old_secret_until),
            enabled: w.enabled,
            disabled_reason: w.disabled_reason.clone(),
            failures: small(w.failures),
            created_at: instant(w.created_at),
            updated_at: instant(w.updated_at),
        })
    }
}

/// One message to a webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its id, which the message carries.
    pub id: DeliveryId,
    /// To which webhook.
    pub webhook_id: WebhookId,
    /// What it is about.
    pub event: String,
    /// The message, as it is signed and sent.
    pub body: String,
    /// What became of it.
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub tries: u32,
    /// Status of the last answer.
    pub response_status: Option<u16>,
    /// The beginning of the last answer.
    pub response_body: Option<String>,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last tried.
    pub tried_at: Option<DateTime<Utc>>,
    /// When it is tried again.
    pub next_try_at: Option<DateTime<Utc>>,
}

impl TryFrom<delivery::Model> for Delivery {
    type Error = Error;
    fn try_from(m: delivery::Model) -> Result<Self> {
        Ok(Self {
            id: DeliveryId(m.id),
            webhook_id: WebhookId(m.webhook_id),
            event: m.event,
            body: m.body,
            status: text("webhook_deliveries.status", &m.status)?,
            tries: small_count(m.tries),
            response_status: m.response_status.and_then(|status| u16::try_from(status).ok()),
            response_body: m.response_body,
            error: m.error,
            created_at: m.created_at,
            tried_at: m.tried_at,
            next_try_at: m.next_try_at,
        })
    }
}

impl From<&Delivery> for delivery::Model {
    fn from(d: &Delivery) -> Self {
        Self {
            id: d.id.uuid(),
            webhook_id: d.webhook_id.uuid(),
            event: d.event.clone(),
            body: d.body.clone(),
            status: d.status.as_str().to_owned(),
            tries: small(d.tries),
            response_status: d.response_status.map(i32::from),
            response_body: d.response_body.clone(),
            error: d.error.clone(),
            created_at: instant(d.created_at),
            tried_at: instant_opt(d.tried_at),
            next_try_at: instant_opt(d.next_try_at),
        }
    }
}

/// Adds a webhook, unless the account has `most` of them already; answers whether it was added.
///
/// # Errors
/// When a query fails.
pub async fn insert(db: &Db, webhook: &Webhook, most: u64) -> Result<bool> {
    let tx = db.begin().await?;
    // Two at once cannot both be the last.
    users::entity::Entity::find_by_id(webhook.user_id.uuid()).lock_exclusive().one(&tx).await?;
    if Entity::find().filter(Column::UserId.eq(webhook.user_id.uuid())).count(&tx).await? >= most {
        return Ok(false);
    }
    Entity::insert(Model::try_from(webhook)?.into_active_model()).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(true)
}

/// The webhook with this id.
///
/// # Errors
/// When the query fails.
pub async fn get(db: &Db, id: WebhookId) -> Result<Option<Webhook>> {
    Entity::find_by_id(id.uuid()).one(db.read()).await?.map(Webhook::try_from).transpose()
}

/// A page of an account's webhooks, newest first.
///
/// # Errors
/// When a query fails.
pub async fn list(db: &Db, user_id: UserId, page: Page) -> Result<Paged<Webhook>> {
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid()));
    let rows = query.clone().order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).offset(page.offset()).limit(page.size);
    let rows = rows.all(db.read()).await?;
    let total = page::total(db.read(), query, page, rows.len()).await?;
    Ok(Paged { rows: rows.into_iter().map(Webhook::try_from).collect::<Result<_>>()?, total })
}

/// The webhooks of an account to which something is sent.
///
/// # Errors
/// When the query fails.
pub async fn enabled(db: &Db, user_id: UserId) -> Result<Vec<Webhook>> {
    let rows = Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::Enabled.eq(true)).all(db.read()).await?;
    rows.into_iter().map(Webhook::try_from).collect()
}

/// Locks the webhook, lets `change` change it, and writes it back. None where there is no such webhook.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn update<T: Send>(
    db: &Db,
    id: WebhookId,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut Webhook) -> T + Send,
) -> Result<Option<T>> {
    let tx = db.begin().await?;
    let answer = update_in(&tx, id, now, change).await?;
    tx.commit().await?;
    Ok(answer)
}

async fn update_in<T>(
    tx: &DatabaseTransaction,
    id: WebhookId,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut Webhook) -> T,
) -> Result<Option<T>> {
    let Some(before) = Entity::find_by_id(id.uuid()).lock_exclusive().one(tx).await? else { return Ok(None) };
    let mut webhook = Webhook::try_from(before.clone())?;
    let answer = change(&mut webhook);
    let after = Model::try_from(&webhook)?;
    if after != before {
        Entity::update(Model { updated_at: instant(now), ..after }.into_active_model().reset_all()).exec(tx).await?;
    }
    Ok(Some(answer))
}

/// Removes a webhook with its log; false where there is none.
///
/// # Errors
/// When the query fails.
pub async fn remove(db: &Db, id: WebhookId) -> Result<bool> {
    Ok(Entity::delete_by_id(id.uuid()).exec(db.write()).await?.rows_affected > 0)
}

/// Adds messages with the tasks that send them.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn add(db: &Db, deliveries: &[Delivery], tasks: &[NewTask]) -> Result<()> {
    let tx = db.begin().await?;
    add_in(&tx, deliveries).await?;
    tasks::push_in(&tx, tasks).await?;
    Ok(tx.commit().await?)
}

pub(crate) async fn add_in<C: ConnectionTrait>(connection: &C, deliveries: &[Delivery]) -> Result<()> {
    for new in deliveries {
        // The log is cut where it grows.
        let old = delivery::Column::CreatedAt.lt(instant(new.created_at - KEPT));
        let of_hook = delivery::Column::WebhookId.eq(new.webhook_id.uuid());
        delivery::Entity::delete_many().filter(of_hook).filter(old).exec(connection).await?;
        delivery::Entity::insert(delivery::Model::from(new).into_active_model()).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// The message with this id.
///
/// # Errors
/// When the query fails.
pub async fn delivery(db: &Db, id: DeliveryId) -> Result<Option<Delivery>> {
    delivery::Entity::find_by_id(id.uuid()).one(db.read()).await?.map(Delivery::try_from).transpose()
}

/// A page of what was sent to a webhook, newest first.
///
/// # Errors
/// When a query fails.
pub async fn deliveries(db: &Db, webhook_id: WebhookId, page: Page) -> Result<Paged<Delivery>> {
    use delivery::Column;
    let query = delivery::Entity::find().filter(Column::WebhookId.eq(webhook_id.uuid()));
    let rows = query.clone().order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).offset(page.offset()).limit(page.size);
    let rows = rows.all(db.read()).await?;
    let total = page::total(db.read(), query, page, rows.len()).await?;
    Ok(Paged { rows: rows.into_iter().map(Delivery::try_from).collect::<Result<_>>()?, total })
}

/// Writes down a try: the message as it is now, the next try's task, and what it means for its webhook. Nothing where the same try was
/// written down before.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn tried(
    db: &Db,
    after: &Delivery,
    next: Option<NewTask>,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut Webhook) + Send,
) -> Result<()> {
    let tx = db.begin().await?;
    let before = delivery::Entity::find_by_id(after.id.uuid()).lock_exclusive().one(&tx).await?;
    if before.is_none_or(|row| small_count(row.tries) + 1 != after.tries) {
        return Ok(());
    }
    delivery::Entity::update(delivery::Model::from(after).into_active_model().reset_all()).exec(&tx).await?;
    update_in(&tx, after.webhook_id, now, change).await?;
    tasks::push_in(&tx, next.as_slice()).await?;
    Ok(tx.commit().await?)
}
