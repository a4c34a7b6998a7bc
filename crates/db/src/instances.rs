//! What admins changed of the configured instance types.

use crate::audit;
use crate::connection::Db;
use crate::convert::{instant, unless_there};
use crate::error::Result;
use chrono::{DateTime, Utc};
use domain::{MicroUsd, UserId};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryOrder, QuerySelect};

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "instance_overrides")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub display_name: Option<String>,
        pub rate_per_hour_micros: Option<i64>,
        pub spot_rate_per_hour_micros: Option<i64>,
        pub offered: bool,
        pub updated_at: DateTimeUtc,
        pub updated_by: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// What an admin changed of an instance type. None means as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceOverride {
    /// Id of the instance type.
    pub id: String,
    /// As shown.
    pub display_name: Option<String>,
    /// On demand, a GPU and hour.
    pub rate_per_hour: Option<MicroUsd>,
    /// Spot, a GPU and hour.
    pub spot_rate_per_hour: Option<MicroUsd>,
    /// False takes it off the list of what can be chosen.
    pub offered: bool,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// By whom.
    pub updated_by: Option<UserId>,
}

impl From<Model> for InstanceOverride {
    fn from(m: Model) -> Self {
        Self {
            id: m.id,
            display_name: m.display_name,
            rate_per_hour: m.rate_per_hour_micros.map(MicroUsd),
            spot_rate_per_hour: m.spot_rate_per_hour_micros.map(MicroUsd),
            offered: m.offered,
            updated_at: m.updated_at,
            updated_by: m.updated_by.map(UserId),
        }
    }
}

/// All changes, by id. There are at most as many as instance types.
///
/// # Errors
/// When the query fails.
pub async fn overrides(db: &Db) -> Result<Vec<InstanceOverride>> {
    let rows = Entity::find().order_by_asc(Column::Id).all(db.read()).await?;
    Ok(rows.into_iter().map(InstanceOverride::from).collect())
}

/// Changes what is changed of an instance type, together with the lines of the audit log that `change` answers.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn update(
    db: &Db,
    id: &str,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut InstanceOverride) -> Vec<audit::Entry> + Send,
) -> Result<InstanceOverride> {
    let blank = Model {
        id: id.to_owned(),
        display_name: None,
        rate_per_hour_micros: None,
        spot_rate_per_hour_micros: None,
        offered: true,
        updated_at: instant(now),
        updated_by: None,
    };
    let tx = db.begin().await?;
    // So that there is a row to lock: two changes at once would lose one.
    Entity::insert(blank.clone().into_active_model()).on_conflict(unless_there()).exec_without_returning(&tx).await?;
    let row = Entity::find_by_id(id).lock_exclusive().one(&tx).await?.unwrap_or(blank);
    let mut changed = InstanceOverride::from(row);
    let entries = change(&mut changed);
    let model = Model {
        id: id.to_owned(),
        display_name: changed.display_name.clone(),
        rate_per_hour_micros: changed.rate_per_hour.map(|m| m.0),
        spot_rate_per_hour_micros: changed.spot_rate_per_hour.map(|m| m.0),
        offered: changed.offered,
        updated_at: instant(now),
        updated_by: changed.updated_by.map(UserId::uuid),
    };
    model.into_active_model().reset_all().update(&tx).await?;
    audit::write(&tx, &entries).await?;
    tx.commit().await?;
    Ok(changed)
}
