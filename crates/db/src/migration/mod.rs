//! The schema: one hand-written set of migrations for both databases, never edited after it has landed.

mod m0001_accounts;
mod m0002_datasets;
mod m0003_jobs;
mod m0004_runs;
mod m0005_models_costs_notifications;
mod m0006_tasks;
mod m0007_account_events;
mod m0008_access;
mod m0009_cost_slices;
mod m0010_notifications;
mod m0011_dataset_versions;
mod m0012_retention;
mod m0013_indexes;
mod m0014_newest_accounts;
mod m0015_configurations;
mod m0016_address_changes;
mod m0017_throughputs;
mod m0018_versions_and_secrets;

use sea_orm_migration::prelude::*;

/// Applies and undoes the migrations in order.
#[derive(Debug)]
pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_accounts::Migration),
            Box::new(m0002_datasets::Migration),
            Box::new(m0003_jobs::Migration),
            Box::new(m0004_runs::Migration),
            Box::new(m0005_models_costs_notifications::Migration),
            Box::new(m0006_tasks::Migration),
            Box::new(m0007_account_events::Migration),
            Box::new(m0008_access::Migration),
            Box::new(m0009_cost_slices::Migration),
            Box::new(m0010_notifications::Migration),
            Box::new(m0011_dataset_versions::Migration),
            Box::new(m0012_retention::Migration),
            Box::new(m0013_indexes::Migration),
            Box::new(m0014_newest_accounts::Migration),
            Box::new(m0015_configurations::Migration),
            Box::new(m0016_address_changes::Migration),
            Box::new(m0017_throughputs::Migration),
            Box::new(m0018_versions_and_secrets::Migration),
        ]
    }
}

/// An index `name` on `table` over `columns`; a column that starts with `-` is descending.
async fn index(manager: &SchemaManager<'_>, name: &'static str, table: &'static str, columns: &[&'static str]) -> Result<(), DbErr> {
    manager.create_index(index_statement(name, table, columns)).await
}

/// As [`index`], and no two rows may have the same values.
async fn unique_index(manager: &SchemaManager<'_>, name: &'static str, table: &'static str, columns: &[&'static str]) -> Result<(), DbErr> {
    let mut statement = index_statement(name, table, columns);
    manager.create_index(statement.unique().take()).await
}

fn index_statement(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut statement = Index::create();
    statement.name(name).table(table);
    for &column in columns {
        match column.strip_prefix('-') {
            Some(column) => statement.col((column, IndexOrder::Desc)),
            None => statement.col(column),
        };
    }
    statement
}

/// A foreign key from `column` of `table` to the id of `to`. What must not go while it is referred to says `NoAction` rather than
/// `Restrict`: that is checked at the end of the statement, so that removing an account removes both ends.
fn reference(table: &'static str, column: &'static str, to: &'static str, on_delete: ForeignKeyAction) -> ForeignKeyCreateStatement {
    ForeignKey::create().name(format!("fk_{table}_{column}")).from(table, column).to(to, "id").on_delete(on_delete).take()
}

async fn drop_tables(manager: &SchemaManager<'_>, tables: &[&'static str]) -> Result<(), DbErr> {
    for &table in tables {
        manager.drop_table(Table::drop().table(table).take()).await?;
    }
    Ok(())
}
