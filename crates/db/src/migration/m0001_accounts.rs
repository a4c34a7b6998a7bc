//! Accounts, their sessions, and the answers kept for repeated creating requests.

use super::{drop_tables, index, reference, unique_index};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, integer_null, pk_uuid, string, string_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
    uuid,
};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let users = Table::create()
            .table("users")
            .col(pk_uuid("id"))
            .col(string("email"))
            .col(text("password_hash"))
            .col(string("name"))
            .col(string_null("organization"))
            .col(string("role"))
            .col(string("subscription_tier"))
            .col(big_integer_null("monthly_budget_micros"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .col(timestamp_with_time_zone_null("disabled_at"))
            .take();
        manager.create_table(users).await?;
        unique_index(manager, "idx_users_email", "users", &["email"]).await?;

        let sessions = Table::create()
            .table("sessions")
            .col(pk_uuid("id"))
            .col(uuid("user_id"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("expires_at"))
            .col(timestamp_with_time_zone_null("revoked_at"))
            .col(timestamp_with_time_zone_null("last_seen_at"))
            .col(string_null("user_agent"))
            .foreign_key(&mut reference("sessions", "user_id", "users", ForeignKeyAction::Cascade))
            .take();
        manager.create_table(sessions).await?;
        index(manager, "idx_sessions_user_id", "sessions", &["user_id"]).await?;

        let keys = Table::create()
            .table("idempotency_keys")
            .col(uuid("user_id"))
            .col(string("route"))
            .col(string("key"))
            .col(string("request_hash"))
            .col(integer_null("response_status"))
            .col(text_null("response_body"))
            .col(timestamp_with_time_zone("created_at"))
            .primary_key(Index::create().col("user_id").col("route").col("key"))
            .foreign_key(&mut reference("idempotency_keys", "user_id", "users", ForeignKeyAction::Cascade))
            .take();
        manager.create_table(keys).await?;
        index(manager, "idx_idempotency_keys_created_at", "idempotency_keys", &["created_at"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["idempotency_keys", "sessions", "users"]).await
    }
}
