//! Events by account, for a stream of all of its jobs; the files of uploaded checkpoints.
//!
//! Events from before have no number within their account: they are in their job's stream only.

use super::{drop_tables, reference, unique_index};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, json_binary_null, pk_uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "job_events", uuid_null("user_id")).await?;
        add(manager, "job_events", big_integer_null("user_seq")).await?;
        unique_index(manager, "idx_job_events_user_seq", "job_events", &["user_id", "user_seq"]).await?;
        add(manager, "checkpoints", json_binary_null("files")).await?;
        let counters = Table::create()
            .table("event_counters")
            .col(pk_uuid("user_id"))
            .col(big_integer("last_seq"))
            .foreign_key(&mut reference("event_counters", "user_id", "users", ForeignKeyAction::Cascade))
            .take();
        manager.create_table(counters).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["event_counters"]).await?;
        manager.drop_index(Index::drop().name("idx_job_events_user_seq").table("job_events").to_owned()).await?;
        for (table, column) in [("checkpoints", "files"), ("job_events", "user_seq"), ("job_events", "user_id")] {
            manager.alter_table(Table::alter().table(table).drop_column(column).take()).await?;
        }
        Ok(())
    }
}

async fn add(manager: &SchemaManager<'_>, table: &'static str, column: ColumnDef) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(column).take()).await
}
