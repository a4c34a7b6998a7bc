//! What a run leaves behind: the event log and its projections.

use super::{drop_tables, index, reference, unique_index};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, double, double_null, integer, json_binary, json_binary_null, pk_uuid, string, text,
    timestamp_with_time_zone, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let events = Table::create()
            .table("job_events")
            .col(uuid("job_id"))
            .col(big_integer("seq"))
            .col(uuid_null("attempt_id"))
            .col(big_integer_null("trainer_seq"))
            .col(timestamp_with_time_zone("at"))
            .col(string("event"))
            .col(json_binary("data"))
            .primary_key(Index::create().col("job_id").col("seq"))
            .foreign_key(&mut reference("job_events", "job_id", "training_jobs", ForeignKeyAction::Cascade))
            .take();
        manager.create_table(events).await?;
        unique_index(manager, "idx_job_events_attempt_trainer", "job_events", &["attempt_id", "trainer_seq"]).await?;

        let mut points = run_table("metrics_points");
        points.col(integer("attempt")).col(integer("epoch")).col(big_integer("step")).col(timestamp_with_time_zone("timestamp"));
        points.col(double_null("training_loss")).col(double_null("validation_loss")).col(double("learning_rate"));
        for name in ["gradient_norm", "throughput", "gpu_utilization"] {
            points.col(double_null(name));
        }
        manager.create_table(points.col(big_integer_null("memory_bytes")).take()).await?;
        index(manager, "idx_metrics_points_job_timestamp", "metrics_points", &["job_id", "timestamp"]).await?;
        unique_index(manager, "idx_metrics_points_job_step", "metrics_points", &["job_id", "step"]).await?;

        let mut checkpoints = run_table("checkpoints");
        checkpoints.col(integer("attempt")).col(integer("epoch")).col(big_integer("step")).col(double("loss")).col(boolean("best"));
        checkpoints.col(string("s3_bucket")).col(text("s3_key")).col(big_integer("file_size")).col(timestamp_with_time_zone("created_at"));
        manager.create_table(checkpoints).await?;
        unique_index(manager, "idx_checkpoints_job_step", "checkpoints", &["job_id", "step"]).await?;

        let mut logs = run_table("job_logs");
        logs.col(big_integer("seq")).col(timestamp_with_time_zone("timestamp")).col(string("level")).col(text("message"));
        manager.create_table(logs.col(json_binary_null("metadata")).take()).await?;
        index(manager, "idx_job_logs_job_timestamp", "job_logs", &["job_id", "timestamp"]).await?;
        unique_index(manager, "idx_job_logs_job_seq", "job_logs", &["job_id", "seq"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["job_logs", "checkpoints", "metrics_points", "job_events"]).await
    }
}

/// A table of rows that belong to a job and go with it.
fn run_table(name: &'static str) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name).col(pk_uuid("id")).col(uuid("job_id"));
    table.foreign_key(&mut reference(name, "job_id", "training_jobs", ForeignKeyAction::Cascade));
    table
}
