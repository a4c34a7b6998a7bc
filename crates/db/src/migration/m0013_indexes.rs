//! Indexes behind reads that went through whole tables: what goes on from a model, models of a data set, validations that fell silent, and
//! how fast earlier runs were.

use super::index;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const INDEXES: &[(&str, &str, &[&str])] = &[
    ("idx_model_artifacts_parent", "model_artifacts", &["parent_model_id", "created_at"]),
    ("idx_model_artifacts_dataset", "model_artifacts", &["dataset_id", "created_at"]),
    ("idx_datasets_status_updated", "datasets", &["status", "updated_at"]),
    ("idx_training_jobs_measured", "training_jobs", &["base_model", "instance_type", "completed_at"]),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, columns) in INDEXES {
            index(manager, name, table, columns).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, _) in INDEXES {
            manager.drop_index(Index::drop().name(*name).table(*table).to_owned()).await?;
        }
        Ok(())
    }
}
