//! Who has access: API keys, tokens sent by mail, invitations, the audit log; and what admins change of instance types.

use super::{drop_tables, index, reference, unique_index};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, boolean, json_binary_null, pk_uuid, string, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
    uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// What is written stays as it was written. Kept by the database, so that no later code can forget it.
const SQLITE_APPEND_ONLY: &str = "
    CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
    CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
";
const POSTGRES_APPEND_ONLY: &str = "
    CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
    CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_log_refuse();
    CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse();
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("users", timestamp_with_time_zone_null("email_verified_at")),
            ("users", timestamp_with_time_zone_null("deletion_requested_at")),
            ("sessions", string_null("address_prefix")),
        ] {
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        index(manager, "idx_users_created", "users", &["-created_at"]).await?;
        index(manager, "idx_users_deletion_requested", "users", &["deletion_requested_at"]).await?;
        secrets(manager).await?;
        audit_log(manager).await?;
        let instances = Table::create()
            .table("instance_overrides")
            .col(string("id").primary_key())
            .col(string_null("display_name"))
            .col(big_integer_null("rate_per_hour_micros"))
            .col(big_integer_null("spot_rate_per_hour_micros"))
            .col(boolean("offered"))
            .col(timestamp_with_time_zone("updated_at"))
            .col(uuid_null("updated_by"))
            .take();
        manager.create_table(instances).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["instance_overrides", "audit_log", "invitations", "account_tokens", "api_keys"]).await?;
        if manager.get_database_backend() == sea_orm::DbBackend::Postgres {
            manager.get_connection().execute_unprepared("DROP FUNCTION audit_log_refuse()").await?;
        }
        for (name, table) in [("idx_users_created", "users"), ("idx_users_deletion_requested", "users")] {
            manager.drop_index(Index::drop().name(name).table(table).to_owned()).await?;
        }
        for (table, column) in [("users", "email_verified_at"), ("users", "deletion_requested_at"), ("sessions", "address_prefix")] {
            manager.alter_table(Table::alter().table(table).drop_column(column).take()).await?;
        }
        Ok(())
    }
}

/// What opens an account to its holder. Only hashes are kept.
async fn secrets(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let keys = Table::create()
        .table("api_keys")
        .col(pk_uuid("id"))
        .col(uuid("user_id"))
        .col(string("name"))
        .col(string("scope"))
        .col(string("hint"))
        .col(string("key_hash"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("expires_at"))
        .col(timestamp_with_time_zone_null("last_used_at"))
        .col(timestamp_with_time_zone_null("revoked_at"))
        .foreign_key(&mut reference("api_keys", "user_id", "users", ForeignKeyAction::Cascade))
        .take();
    manager.create_table(keys).await?;
    unique_index(manager, "idx_api_keys_hash", "api_keys", &["key_hash"]).await?;
    index(manager, "idx_api_keys_user_created", "api_keys", &["user_id", "-created_at"]).await?;

    let tokens = Table::create()
        .table("account_tokens")
        .col(pk_uuid("id"))
        .col(uuid("user_id"))
        .col(string("purpose"))
        .col(string("token_hash"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .foreign_key(&mut reference("account_tokens", "user_id", "users", ForeignKeyAction::Cascade))
        .take();
    manager.create_table(tokens).await?;
    unique_index(manager, "idx_account_tokens_hash", "account_tokens", &["token_hash"]).await?;
    index(manager, "idx_account_tokens_user", "account_tokens", &["user_id", "purpose"]).await?;
    index(manager, "idx_account_tokens_expires", "account_tokens", &["expires_at"]).await?;

    let invitations = Table::create()
        .table("invitations")
        .col(pk_uuid("id"))
        .col(string_null("email"))
        .col(string("role"))
        .col(string("token_hash"))
        .col(uuid_null("invited_by"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(timestamp_with_time_zone_null("used_at"))
        .col(uuid_null("used_by"))
        .col(timestamp_with_time_zone_null("revoked_at"))
        .foreign_key(&mut reference("invitations", "invited_by", "users", ForeignKeyAction::SetNull))
        .foreign_key(&mut reference("invitations", "used_by", "users", ForeignKeyAction::SetNull))
        .take();
    manager.create_table(invitations).await?;
    unique_index(manager, "idx_invitations_hash", "invitations", &["token_hash"]).await?;
    index(manager, "idx_invitations_created", "invitations", &["-created_at"]).await
}

/// Refers to nothing: its rows outlive the accounts that they are about, and so hold ids and no names.
async fn audit_log(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let log = Table::create()
        .table("audit_log")
        .col(pk_uuid("id"))
        .col(timestamp_with_time_zone("at"))
        .col(string("action"))
        .col(uuid_null("actor_id"))
        .col(uuid_null("subject_id"))
        .col(string_null("via"))
        .col(string_null("address_prefix"))
        .col(json_binary_null("details"))
        .take();
    manager.create_table(log).await?;
    index(manager, "idx_audit_log_at", "audit_log", &["-at"]).await?;
    index(manager, "idx_audit_log_action", "audit_log", &["action", "-at"]).await?;
    index(manager, "idx_audit_log_actor", "audit_log", &["actor_id", "-at"]).await?;
    index(manager, "idx_audit_log_subject", "audit_log", &["subject_id", "-at"]).await?;
    let postgres = manager.get_database_backend() == sea_orm::DbBackend::Postgres;
    let triggers = if postgres { POSTGRES_APPEND_ONLY } else { SQLITE_APPEND_ONLY };
    manager.get_connection().execute_unprepared(triggers).await.map(|_| ())
}
