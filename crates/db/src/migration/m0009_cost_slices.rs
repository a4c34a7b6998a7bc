//! Compute by the hour, so that what a run costs is counted in the day and the month in which it ran; indexes for lists of costs by time.

use super::{index, unique_index};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let slice = big_integer("slice").default(0).take();
        manager.alter_table(Table::alter().table("cost_records").add_column(slice).take()).await?;
        manager.drop_index(Index::drop().name("idx_cost_records_job_attempt_type").table("cost_records").to_owned()).await?;
        let key = ["job_id", "attempt", "cost_type", "slice"];
        unique_index(manager, "idx_cost_records_job_attempt_type_slice", "cost_records", &key).await?;
        index(manager, "idx_cost_records_user_recorded", "cost_records", &["user_id", "recorded_at", "id"]).await?;
        index(manager, "idx_cost_records_recorded", "cost_records", &["recorded_at", "id"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["idx_cost_records_recorded", "idx_cost_records_user_recorded", "idx_cost_records_job_attempt_type_slice"] {
            manager.drop_index(Index::drop().name(name).table("cost_records").to_owned()).await?;
        }
        // Not unique: an attempt may have records of several hours now.
        index(manager, "idx_cost_records_job_attempt_type", "cost_records", &["job_id", "attempt", "cost_type"]).await?;
        manager.alter_table(Table::alter().table("cost_records").drop_column("slice").take()).await
    }
}
