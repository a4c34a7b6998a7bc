//! Training jobs and their attempts.

use super::{drop_tables, index, reference, unique_index};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, double, double_null, integer, integer_null, json_binary, json_binary_null, pk_uuid, string,
    string_null, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(jobs()).await?;
        index(manager, "idx_training_jobs_user_status", "training_jobs", &["user_id", "status"]).await?;
        index(manager, "idx_training_jobs_status_queued", "training_jobs", &["status", "queued_at"]).await?;
        index(manager, "idx_training_jobs_user_created", "training_jobs", &["user_id", "-created_at"]).await?;
        index(manager, "idx_training_jobs_dataset", "training_jobs", &["dataset_id"]).await?;
        unique_index(manager, "idx_training_jobs_external", "training_jobs", &["external_job_id"]).await?;
        unique_index(manager, "idx_training_jobs_artifact", "training_jobs", &["artifact_id"]).await?;
        unique_index(manager, "idx_training_jobs_idempotency", "training_jobs", &["user_id", "idempotency_key"]).await?;

        let attempts = Table::create()
            .table("job_attempts")
            .col(pk_uuid("id"))
            .col(uuid("job_id"))
            .col(integer("attempt"))
            .col(string("status"))
            .col(json_binary_null("handle"))
            .col(double("billed_seconds"))
            .col(string_null("error_code"))
            .col(text_null("error_message"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("started_at"))
            .col(timestamp_with_time_zone_null("ended_at"))
            .foreign_key(&mut reference("job_attempts", "job_id", "training_jobs", ForeignKeyAction::Cascade))
            .take();
        manager.create_table(attempts).await?;
        unique_index(manager, "idx_job_attempts_job_attempt", "job_attempts", &["job_id", "attempt"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["job_attempts", "training_jobs"]).await
    }
}

fn jobs() -> TableCreateStatement {
    let mut table = Table::create();
    table.table("training_jobs").col(pk_uuid("id")).col(uuid("user_id")).col(uuid("dataset_id")).col(string("name"));
    table.col(text_null("notes")).col(string("preset_id")).col(string("base_model")).col(string("instance_type"));
    for name in ["hyperparameters", "settings", "gpu_config", "estimate"] {
        table.col(json_binary(name));
    }
    table.col(string("status")).col(string("current_stage")).col(string_null("stage_group")).col(text_null("stage_message"));
    table.col(double("progress")).col(integer_null("current_epoch")).col(integer("total_epochs"));
    table.col(big_integer_null("current_step")).col(big_integer_null("total_steps"));
    for name in ["current_metrics", "previous_metrics", "summary", "run_handle", "run_info"] {
        table.col(json_binary_null(name));
    }
    table.col(double_null("tokens_per_second")).col(big_integer("last_event_seq")).col(big_integer("last_trainer_seq"));
    table.col(integer("attempt")).col(uuid_null("attempt_id")).col(string_null("external_job_id"));
    table.col(string_null("lease_owner")).col(integer("retry_count")).col(boolean("can_retry"));
    table.col(string_null("error_code")).col(text_null("error_message")).col(text_null("error_detail"));
    table.col(string_null("cancel_reason")).col(string_null("idempotency_key")).col(uuid_null("artifact_id"));
    for name in ["budget_hold_micros", "current_cost_micros", "estimated_total_cost_micros", "estimated_cost_max_micros"] {
        table.col(big_integer(name));
    }
    table.col(big_integer_null("final_cost_micros"));
    for name in ["queued_at", "created_at", "updated_at"] {
        table.col(timestamp_with_time_zone(name));
    }
    for name in ["lease_until", "cancel_requested_at", "initializing_at", "started_at", "completed_at", "estimated_completion_at"] {
        table.col(timestamp_with_time_zone_null(name));
    }
    table.col(timestamp_with_time_zone_null("last_event_at"));
    table.foreign_key(&mut reference("training_jobs", "user_id", "users", ForeignKeyAction::Cascade));
    table.foreign_key(&mut reference("training_jobs", "dataset_id", "datasets", ForeignKeyAction::NoAction));
    table
}
