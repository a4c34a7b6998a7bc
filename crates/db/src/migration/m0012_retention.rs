//! When the files of what was deleted were removed, and the indexes behind looking for them.

use super::index;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::timestamp_with_time_zone_null;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const TABLES: [(&str, &str, &str); 2] = [
    ("datasets", "idx_datasets_user_deleted", "idx_datasets_deleted"),
    ("model_artifacts", "idx_model_artifacts_user_deleted", "idx_model_artifacts_deleted"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, by_user, by_time) in TABLES {
            let mut column = Table::alter();
            column.table(table).add_column(timestamp_with_time_zone_null("purged_at"));
            manager.alter_table(column).await?;
            index(manager, by_user, table, &["user_id", "-deleted_at"]).await?;
            index(manager, by_time, table, &["deleted_at"]).await?;
        }
        index(manager, "idx_datasets_status_created", "datasets", &["status", "created_at"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(drop_index("idx_datasets_status_created", "datasets")).await?;
        for (table, by_user, by_time) in TABLES {
            for name in [by_user, by_time] {
                manager.drop_index(drop_index(name, table)).await?;
            }
            let mut column = Table::alter();
            column.table(table).drop_column("purged_at");
            manager.alter_table(column).await?;
        }
        Ok(())
    }
}

fn drop_index(name: &'static str, table: &'static str) -> IndexDropStatement {
    let mut statement = Index::drop();
    statement.name(name).table(table);
    statement
}
