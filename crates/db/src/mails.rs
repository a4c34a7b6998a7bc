//! Mails that wait to be sent. Their text may open an account, so it is kept sealed, and removed when it is sent.

use crate::connection::Db;
use crate::convert::{instant, small, small_count};
use crate::error::Result;
use crate::tasks::{self, NewTask};
use chrono::{DateTime, Utc};
use domain::{MailId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "outgoing_mails")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub user_id: Option<Uuid>,
        pub sealed: String,
        pub tries: i32,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// A mail that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// Its id.
    pub id: MailId,
    /// The account that it is for; it goes with the account.
    pub user_id: Option<UserId>,
    /// The mail, encrypted.
    pub sealed: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// Keeps a mail with the task that sends it.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn insert(db: &Db, mail: &OutgoingMail, task: NewTask) -> Result<()> {
    let tx = db.begin().await?;
    insert_in(&tx, mail).await?;
    tasks::push_in(&tx, &[task]).await?;
    Ok(tx.commit().await?)
}

pub(crate) async fn insert_in<C: ConnectionTrait>(connection: &C, mail: &OutgoingMail) -> Result<()> {
    let row = Model {
        id: mail.id.uuid(),
        user_id: mail.user_id.map(UserId::uuid),
        sealed: mail.sealed.clone(),
        tries: small(mail.tries),
        created_at: instant(mail.created_at),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(connection).await?;
    Ok(())
}

/// The mail with this id, unless it was sent.
///
/// # Errors
/// When the query fails.
pub async fn get(db: &Db, id: MailId) -> Result<Option<OutgoingMail>> {
    let mail = |row: Model| OutgoingMail {
        id: MailId(row.id),
        user_id: row.user_id.map(UserId),
        sealed: row.sealed,
        tries: small_count(row.tries),
        created_at: row.created_at,
    };
    Ok(Entity::find_by_id(id.uuid()).one(db.read()).await?.map(mail))
}

/// Removes a mail: it was sent, or will never be.
///
/// # Errors
/// When the query fails.
pub async fn remove(db: &Db, id: MailId) -> Result<()> {
    Entity::delete_by_id(id.uuid()).exec(db.write()).await?;
    Ok(())
}

/// Notes that try number `tries` failed, with the task of the next one.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn tried(db: &Db, id: MailId, tries: u32, next: NewTask) -> Result<()> {
    let tx = db.begin().await?;
    let query = Entity::update_many().col_expr(Column::Tries, Expr::value(small(tries))).filter(Column::Id.eq(id.uuid()));
    query.filter(Column::Tries.eq(small(tries.saturating_sub(1)))).exec(&tx).await?;
    tasks::push_in(&tx, &[next]).await?;
    Ok(tx.commit().await?)
}
