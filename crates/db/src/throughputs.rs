//! How fast runs were: one row a base model, machine, precision and row length.

use crate::connection::Db;
use crate::convert::{instant, small, small_count, text};
use crate::error::Result;
use chrono::{DateTime, Utc};
use domain::job::Precision;
use domain::throughput::Measured;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

/// Runs that a mean goes back over: each later one weighs as if it were one of so many.
const REMEMBERED: f64 = 5.0;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "throughputs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub base_model: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub instance_type: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub num_gpus: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub precision: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub length_bucket: i32,
        pub tokens_per_second: f64,
        pub runs: f64,
        pub measured_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// How fast one run was.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Id of its base model.
    pub base_model: String,
    /// Id of the machine.
    pub instance_type: String,
    /// Devices.
    pub num_gpus: u32,
    /// Of the base model's weights.
    pub precision: Precision,
    /// See [`domain::throughput::length_bucket`].
    pub length_bucket: u32,
    /// Tokens a second, all devices together.
    pub tokens_per_second: f64,
}

/// Adds a run to the mean of its kind. Two at once both count.
pub(crate) async fn add_in<C: ConnectionTrait>(connection: &C, run: &Run, now: DateTime<Utc>) -> Result<()> {
    let row = Model {
        base_model: run.base_model.clone(),
        instance_type: run.instance_type.clone(),
        num_gpus: small(run.num_gpus),
        precision: run.precision.as_str().to_owned(),
        length_bucket: small(run.length_bucket),
        tokens_per_second: run.tokens_per_second,
        runs: 1.0,
        measured_at: instant(now),
    };
    let of = |column: Column| Expr::col((Entity, column));
    // The mean moves towards the new value by one part in as many runs as it is of, with this one.
    let moved =
        of(Column::TokensPerSecond).add(Expr::value(run.tokens_per_second).sub(of(Column::TokensPerSecond)).div(of(Column::Runs).add(1.0)));
    let counted = Expr::case(of(Column::Runs).add(1.0).lt(REMEMBERED), of(Column::Runs).add(1.0)).finally(REMEMBERED - 1.0);
    let key = [Column::BaseModel, Column::InstanceType, Column::NumGpus, Column::Precision, Column::LengthBucket];
    let add = OnConflict::columns(key)
        .value(Column::TokensPerSecond, moved)
        .value(Column::Runs, counted)
        .update_column(Column::MeasuredAt)
        .to_owned();
    Entity::insert(row.into_active_model()).on_conflict(add).exec_without_returning(connection).await?;
    Ok(())
}

/// What runs on this base model and machine measured: at most one value a precision and row length.
///
/// # Errors
/// When the query fails.
pub async fn of(db: &Db, base_model: &str, instance_type: &str, num_gpus: u32) -> Result<Vec<Measured>> {
    let query = Entity::find()
        .filter(Column::BaseModel.eq(base_model))
        .filter(Column::InstanceType.eq(instance_type))
        .filter(Column::NumGpus.eq(small(num_gpus)));
    let measured = |m: Model| {
        let precision = text("throughputs.precision", &m.precision)?;
        Ok(Measured { precision, length_bucket: small_count(m.length_bucket), tokens_per_second: m.tokens_per_second })
    };
    query.all(db.read()).await?.into_iter().map(measured).collect()
}
