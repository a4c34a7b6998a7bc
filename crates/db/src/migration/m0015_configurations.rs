//! Saved configurations of jobs.

use super::{drop_tables, index, reference, unique_index};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{json_binary, pk_uuid, string, timestamp_with_time_zone, uuid};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("configurations").col(pk_uuid("id")).col(uuid("user_id")).col(string("name")).col(json_binary("settings"));
        table.col(timestamp_with_time_zone("created_at")).col(timestamp_with_time_zone("updated_at"));
        table.foreign_key(&mut reference("configurations", "user_id", "users", ForeignKeyAction::Cascade));
        manager.create_table(table).await?;
        unique_index(manager, "idx_configurations_user_name", "configurations", &["user_id", "name"]).await?;
        index(manager, "idx_configurations_user_updated", "configurations", &["user_id", "-updated_at", "-id"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["configurations"]).await
    }
}
