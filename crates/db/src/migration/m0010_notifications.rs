//! Notifications by number, what accounts want to be told, mails that wait, and webhooks with their deliveries.

use super::{drop_tables, index, reference, unique_index};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, integer_null, json_binary, json_binary_null, pk_uuid, string, string_null, text,
    text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const NOTIFICATION_INDEXES: [&str; 3] = ["idx_notifications_user_seq", "idx_notifications_user_created", "idx_notifications_waiting"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Those that are there already were told as they were told then.
        for column in [big_integer_null("seq"), boolean("fanned_out").default(true).take()] {
            manager.alter_table(Table::alter().table("notifications").add_column(column).take()).await?;
        }
        unique_index(manager, "idx_notifications_user_seq", "notifications", &["user_id", "seq"]).await?;
        index(manager, "idx_notifications_user_created", "notifications", &["user_id", "-created_at", "-id"]).await?;
        let mut waiting = Index::create();
        waiting.name("idx_notifications_waiting").table("notifications").col("created_at");
        manager.create_index(waiting.and_where(Expr::col("fanned_out").eq(false)).take()).await?;

        let counters = Table::create()
            .table("notification_counters")
            .col(pk_uuid("user_id"))
            .col(big_integer("last_seq"))
            .col(timestamp_with_time_zone("changed_at"))
            .foreign_key(&mut reference("notification_counters", "user_id", "users", ForeignKeyAction::Cascade))
            .take();
        manager.create_table(counters).await?;
        index(manager, "idx_notification_counters_changed", "notification_counters", &["changed_at"]).await?;

        let settings = Table::create()
            .table("user_settings")
            .col(pk_uuid("user_id"))
            .col(big_integer_null("monthly_budget_micros"))
            .col(string_null("time_zone"))
            .col(string_null("base_model"))
            .col(string_null("instance_type"))
            .col(json_binary_null("notifications"))
            .col(timestamp_with_time_zone_null("summary_sent_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .foreign_key(&mut reference("user_settings", "user_id", "users", ForeignKeyAction::Cascade))
            .take();
        manager.create_table(settings).await?;

        let mails = Table::create()
            .table("outgoing_mails")
            .col(pk_uuid("id"))
            .col(uuid_null("user_id"))
            .col(text("sealed"))
            .col(integer("tries"))
            .col(timestamp_with_time_zone("created_at"))
            .foreign_key(&mut reference("outgoing_mails", "user_id", "users", ForeignKeyAction::Cascade))
            .take();
        manager.create_table(mails).await?;
        index(manager, "idx_outgoing_mails_user", "outgoing_mails", &["user_id"]).await?;
        webhooks(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["webhook_deliveries", "webhooks", "outgoing_mails", "user_settings", "notification_counters"]).await?;
        for name in NOTIFICATION_INDEXES {
            manager.drop_index(Index::drop().name(name).table("notifications").to_owned()).await?;
        }
        for column in ["seq", "fanned_out"] {
            manager.alter_table(Table::alter().table("notifications").drop_column(column).take()).await?;
        }
        Ok(())
    }
}

async fn webhooks(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let webhooks = Table::create()
        .table("webhooks")
        .col(pk_uuid("id"))
        .col(uuid("user_id"))
        .col(text("url"))
        .col(string("description"))
        .col(json_binary("events"))
        .col(text("sealed_secret"))
        .col(boolean("enabled"))
        .col(text_null("disabled_reason"))
        .col(integer("failures"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut reference("webhooks", "user_id", "users", ForeignKeyAction::Cascade))
        .take();
    manager.create_table(webhooks).await?;
    index(manager, "idx_webhooks_user_created", "webhooks", &["user_id", "-created_at", "-id"]).await?;

    let deliveries = Table::create()
        .table("webhook_deliveries")
        .col(pk_uuid("id"))
        .col(uuid("webhook_id"))
        .col(string("event"))
        .col(text("body"))
        .col(string("status"))
        .col(integer("tries"))
        .col(integer_null("response_status"))
        .col(text_null("response_body"))
        .col(text_null("error"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("tried_at"))
        .col(timestamp_with_time_zone_null("next_try_at"))
        .foreign_key(&mut reference("webhook_deliveries", "webhook_id", "webhooks", ForeignKeyAction::Cascade))
        .take();
    manager.create_table(deliveries).await?;
    index(manager, "idx_webhook_deliveries_webhook_created", "webhook_deliveries", &["webhook_id", "-created_at", "-id"]).await
}
