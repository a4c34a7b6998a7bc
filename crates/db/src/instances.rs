//! What admins changed of the configured instance types.

use crate::audit;
use crate::connection::Db;
use crate::convert::instant;
use crate::error::Result;
use chrono::{DateTime, Utc};
use domain::{MicroUsd, UserId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, IntoActiveModel, QueryOrder};

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

/// Sets what is changed of an instance type, together with the lines of the audit log.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn set(db: &Db, change: &InstanceOverride, entries: &[audit::Entry]) -> Result<()> {
    let model = Model {
        id: change.id.clone(),
        display_name: change.display_name.clone(),
        rate_per_hour_micros: change.rate_per_hour.map(|m| m.0),
        spot_rate_per_hour_micros: change.spot_rate_per_hour.map(|m| m.0),
        offered: change.offered,
        updated_at: instant(change.updated_at),
        updated_by: change.updated_by.map(UserId::uuid),
    };
    let columns = [
        Column::DisplayName,
        Column::RatePerHourMicros,
        Column::SpotRatePerHourMicros,
        Column::Offered,
        Column::UpdatedAt,
        Column::UpdatedBy,
    ];
    let replace = OnConflict::column(Column::Id).update_columns(columns).to_owned();
    let tx = db.begin().await?;
    Entity::insert(model.into_active_model()).on_conflict(replace).exec_without_returning(&tx).await?;
    audit::write(&tx, entries).await?;
    Ok(tx.commit().await?)
}
