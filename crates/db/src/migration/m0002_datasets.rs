//! Data sets with what validation found.

use super::{drop_tables, index, reference};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, double_null, json_binary_null, pk_uuid, string, string_null, string_uniq, text, text_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("datasets").col(pk_uuid("id")).col(uuid("user_id")).col(string("name")).col(text("description"));
        table.col(string("format")).col(string("status")).col(boolean("training_ready")).col(boolean("review_recommended"));
        table.col(string("file_name")).col(big_integer("file_size")).col(string("s3_bucket")).col(string_uniq("s3_key"));
        table.col(string_null("sha256")).col(double_null("validation_progress")).col(text_null("error_message"));
        for name in ["statistics", "findings", "sample"] {
            table.col(json_binary_null(name));
        }
        for name in ["total_training_pairs", "total_validation_pairs", "total_tokens", "total_conversations"] {
            table.col(big_integer_null(name));
        }
        for name in ["avg_turns_per_conversation", "avg_tokens_per_turn", "quality_score", "human_reviewed_percent"] {
            table.col(double_null(name));
        }
        for name in ["vertical", "consultant_name", "consultant_title"] {
            table.col(text_null(name));
        }
        for name in ["uploaded_at", "validated_at", "processed_at", "deleted_at"] {
            table.col(timestamp_with_time_zone_null(name));
        }
        table.col(timestamp_with_time_zone("created_at")).col(timestamp_with_time_zone("updated_at"));
        table.foreign_key(&mut reference("datasets", "user_id", "users", ForeignKeyAction::Cascade));
        manager.create_table(table).await?;
        index(manager, "idx_datasets_user_status", "datasets", &["user_id", "status"]).await?;
        index(manager, "idx_datasets_user_created", "datasets", &["user_id", "-created_at"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["datasets"]).await
    }
}
