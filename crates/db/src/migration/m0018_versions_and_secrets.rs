//! Which version of the program trained an attempt, and the secret that a webhook had before.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string_null, text_null, timestamp_with_time_zone_null};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

fn columns() -> [(&'static str, &'static str, ColumnDef); 3] {
    [
        ("job_attempts", "version", string_null("version")),
        ("webhooks", "old_sealed_secret", text_null("old_sealed_secret")),
        ("webhooks", "old_secret_until", timestamp_with_time_zone_null("old_secret_until")),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, _, mut column) in columns() {
            manager.alter_table(Table::alter().table(table).add_column(column.take()).take()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column, _) in columns() {
            manager.alter_table(Table::alter().table(table).drop_column(column).take()).await?;
        }
        Ok(())
    }
}
