//! How fast runs were, by base model, machine, precision and row length. The index that estimates read finished jobs by goes.

use super::{drop_tables, index};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{double, integer, string, timestamp_with_time_zone};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const TABLE: &str = "throughputs";
const OLD: (&str, &str) = ("idx_training_jobs_measured", "training_jobs");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table(TABLE).col(string("base_model")).col(string("instance_type")).col(integer("num_gpus")).col(string("precision"));
        table.col(integer("length_bucket")).col(double("tokens_per_second")).col(double("runs"));
        table.col(timestamp_with_time_zone("measured_at"));
        let mut key = Index::create();
        key.col("base_model").col("instance_type").col("num_gpus").col("precision").col("length_bucket");
        table.primary_key(&mut key);
        manager.create_table(table).await?;
        manager.drop_index(Index::drop().name(OLD.0).table(OLD.1).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &[TABLE]).await?;
        index(manager, OLD.0, OLD.1, &["base_model", "instance_type", "completed_at"]).await
    }
}
