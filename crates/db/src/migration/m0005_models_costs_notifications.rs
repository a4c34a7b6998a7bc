//! Trained adapters, cost records, notifications.

use super::{drop_tables, index, reference, unique_index};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, double_null, integer, json_binary, json_binary_null, pk_uuid, string, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(models()).await?;
        index(manager, "idx_model_artifacts_user_status", "model_artifacts", &["user_id", "status"]).await?;
        index(manager, "idx_model_artifacts_user_created", "model_artifacts", &["user_id", "-created_at"]).await?;
        unique_index(manager, "idx_model_artifacts_job", "model_artifacts", &["job_id"]).await?;

        let costs = Table::create()
            .table("cost_records")
            .col(pk_uuid("id"))
            .col(uuid("user_id"))
            .col(uuid_null("job_id"))
            .col(integer("attempt"))
            .col(string("cost_type"))
            .col(big_integer("amount_micros"))
            .col(json_binary_null("details"))
            .col(timestamp_with_time_zone("billing_period"))
            .col(timestamp_with_time_zone("recorded_at"))
            .foreign_key(&mut reference("cost_records", "user_id", "users", ForeignKeyAction::Cascade))
            .foreign_key(&mut reference("cost_records", "job_id", "training_jobs", ForeignKeyAction::SetNull))
            .take();
        manager.create_table(costs).await?;
        index(manager, "idx_cost_records_user_period", "cost_records", &["user_id", "billing_period"]).await?;
        unique_index(manager, "idx_cost_records_job_attempt_type", "cost_records", &["job_id", "attempt", "cost_type"]).await?;

        let notifications = Table::create()
            .table("notifications")
            .col(pk_uuid("id"))
            .col(uuid("user_id"))
            .col(string("kind"))
            .col(string("title"))
            .col(text("message"))
            .col(string("priority"))
            .col(boolean("read"))
            .col(text_null("action_url"))
            .col(json_binary_null("metadata"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("dismissed_at"))
            .foreign_key(&mut reference("notifications", "user_id", "users", ForeignKeyAction::Cascade))
            .take();
        manager.create_table(notifications).await?;
        index(manager, "idx_notifications_user_read_created", "notifications", &["user_id", "read", "-created_at"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["notifications", "cost_records", "model_artifacts"]).await
    }
}

fn models() -> TableCreateStatement {
    let mut table = Table::create();
    table.table("model_artifacts").col(pk_uuid("id")).col(uuid("user_id")).col(uuid("job_id")).col(uuid("dataset_id"));
    table.col(string("name")).col(string("version")).col(text_null("description")).col(string("status")).col(string("base_model"));
    for name in ["quality_metrics", "training_summary", "configuration", "artifacts"] {
        table.col(json_binary(name));
    }
    table.col(big_integer("total_size")).col(double_null("validation_loss")).col(uuid_null("parent_model_id"));
    for name in ["deployed_at", "deleted_at"] {
        table.col(timestamp_with_time_zone_null(name));
    }
    table.col(timestamp_with_time_zone("created_at")).col(timestamp_with_time_zone("updated_at"));
    table.foreign_key(&mut reference("model_artifacts", "user_id", "users", ForeignKeyAction::Cascade));
    table.foreign_key(&mut reference("model_artifacts", "job_id", "training_jobs", ForeignKeyAction::Cascade));
    table.foreign_key(&mut reference("model_artifacts", "dataset_id", "datasets", ForeignKeyAction::NoAction));
    table.foreign_key(&mut reference("model_artifacts", "parent_model_id", "model_artifacts", ForeignKeyAction::SetNull));
    table
}
