//! Versions of data sets that were made by mending others.

use super::{drop_tables, index, reference};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, json_binary, json_binary_null, pk_uuid, timestamp_with_time_zone_null, uuid};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("dataset_versions").col(pk_uuid("dataset_id")).col(uuid("parent_id")).col(integer("version"));
        table.col(json_binary("fixes")).col(json_binary_null("report")).col(timestamp_with_time_zone_null("made_at"));
        // A version outlives the one it was made from, so only its own row binds it.
        table.foreign_key(&mut reference("dataset_versions", "dataset_id", "datasets", ForeignKeyAction::Cascade));
        manager.create_table(table).await?;
        index(manager, "idx_dataset_versions_parent", "dataset_versions", &["parent_id"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["dataset_versions"]).await
    }
}
