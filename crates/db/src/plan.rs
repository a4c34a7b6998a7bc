//! How the database would run a statement.

use crate::connection::Db;
use crate::error::Result;
use sea_orm::{ConnectionTrait, QueryResult, Statement};

impl Db {
    /// The steps of the plan of a statement, whatever the values of its parameters. For tests that hold lists to their indexes.
    ///
    /// # Errors
    /// When the statement cannot be planned.
    pub async fn plan(&self, sql: &str) -> Result<Vec<String>> {
        let tx = self.begin().await?;
        let steps = if self.is_postgres() {
            tx.execute_unprepared("SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan").await?;
            tx.execute_unprepared(&format!("PREPARE planned AS {sql}")).await?;
            let nulls = vec!["NULL"; parameters(sql)].join(", ");
            let execute = if nulls.is_empty() { "EXPLAIN EXECUTE planned".to_owned() } else { format!("EXPLAIN EXECUTE planned({nulls})") };
            let rows = tx.query_all_raw(statement(&tx, execute)).await;
            tx.execute_unprepared("DEALLOCATE planned").await?;
            steps(&rows?, "QUERY PLAN")?
        } else {
            steps(&tx.query_all_raw(statement(&tx, format!("EXPLAIN QUERY PLAN {sql}"))).await?, "detail")?
        };
        tx.rollback().await?;
        Ok(steps)
    }
}

fn statement(connection: &impl ConnectionTrait, sql: String) -> Statement {
    Statement::from_string(connection.get_database_backend(), sql)
}

fn steps(rows: &[QueryResult], column: &str) -> Result<Vec<String>> {
    Ok(rows.iter().map(|row| row.try_get("", column)).collect::<std::result::Result<_, _>>()?)
}

/// The highest number of a parameter.
fn parameters(sql: &str) -> usize {
    let number = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    sql.split('$').skip(1).filter_map(number).max().unwrap_or(0)
}
