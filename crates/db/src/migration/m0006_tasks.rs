//! The queue of background work.

use super::{drop_tables, index};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    integer, json_binary, pk_uuid, string, string_null, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tasks = Table::create()
            .table("tasks")
            .col(pk_uuid("id"))
            .col(string("status"))
            .col(json_binary("payload"))
            .col(string_null("dedupe_key"))
            .col(integer("attempts"))
            .col(integer("max_attempts"))
            .col(timestamp_with_time_zone("run_at"))
            .col(string_null("lease_owner"))
            .col(timestamp_with_time_zone_null("lease_until"))
            .col(text_null("last_error"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("finished_at"))
            .take();
        manager.create_table(tasks).await?;
        index(manager, "idx_tasks_status_run_at", "tasks", &["status", "run_at"]).await?;
        let mut waiting = Index::create();
        waiting.name("idx_tasks_dedupe_pending").table("tasks").col("dedupe_key").unique();
        waiting.and_where(Expr::col("status").eq("pending"));
        manager.create_index(waiting).await?;
        index(manager, "idx_tasks_dedupe_key", "tasks", &["dedupe_key"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["tasks"]).await
    }
}
