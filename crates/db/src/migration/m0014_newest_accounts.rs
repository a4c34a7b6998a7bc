//! The index behind the list of all accounts holds the id as well, which decides between equals: so a page is read in order, without sorting.

use super::index;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const BEFORE: &str = "idx_users_created";
const NOW: &str = "idx_users_newest";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        index(manager, NOW, "users", &["-created_at", "-id"]).await?;
        manager.drop_index(Index::drop().name(BEFORE).table("users").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        index(manager, BEFORE, "users", &["-created_at"]).await?;
        manager.drop_index(Index::drop().name(NOW).table("users").to_owned()).await
    }
}
