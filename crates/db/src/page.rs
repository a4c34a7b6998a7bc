//! Pages of lists.

use crate::error::Result;
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, EntityTrait, FromQueryResult, PaginatorTrait, QueryOrder, QuerySelect, QueryTrait, Select,
};

/// Rows that are counted at most where no owner narrows a list.
const MOST_COUNTED: u64 = 100_000;

/// How many rows a query has, up to [`MOST_COUNTED`]. They are read in the order of a column with an index, which is where the list begins.
pub(crate) async fn bounded_count<E: EntityTrait>(db: &DatabaseConnection, query: Select<E>, order: E::Column) -> Result<u64> {
    let rows = query.select_only().expr_as(Expr::cust("1"), "one").order_by_desc(order).limit(MOST_COUNTED).into_query();
    let count = SelectStatement::new().expr(Expr::cust("COUNT(*) AS num_items")).from_subquery(rows, "sub_query").to_owned();
    let number: Option<i64> = db.query_one(&count).await?.map(|row| row.try_get("", "num_items")).transpose()?;
    Ok(crate::convert::count(number.unwrap_or(0)))
}

/// How many rows a query has of which a page has `found`: a page that is not full says so by itself, for others they are counted.
pub(crate) async fn total<E>(db: &DatabaseConnection, query: Select<E>, page: Page, found: usize) -> Result<u64>
where
    E: EntityTrait<Model: FromQueryResult + Send + Sync>,
{
    let found = found as u64;
    if found < page.size && (found > 0 || page.number <= 1) {
        return Ok(page.offset() + found);
    }
    Ok(query.count(db).await?)
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub number: u64,
    /// Rows a page.
    pub size: u64,
}

impl Page {
    /// The first `size` rows.
    pub const fn first(size: u64) -> Self {
        Self { number: 1, size }
    }

    pub(crate) fn offset(self) -> u64 {
        self.number.saturating_sub(1).saturating_mul(self.size).min(i64::MAX.unsigned_abs())
    }
}

/// One page and the number of rows on all pages.
#[derive(Debug, Clone, PartialEq)]
pub struct Paged<T> {
    /// The rows of this page.
    pub rows: Vec<T>,
    /// Rows on all pages.
    pub total: u64,
}

/// Which way a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Smallest, oldest, A first.
    Ascending,
    /// Largest, newest, Z first.
    #[default]
    Descending,
}

impl From<Direction> for sea_orm::Order {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Ascending => Self::Asc,
            Direction::Descending => Self::Desc,
        }
    }
}
