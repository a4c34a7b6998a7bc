//! Between stored values and domain types.

use crate::error::{Error, Result};
use chrono::{DateTime, SubsecRound, Utc};
use domain::error::UnknownValue;
use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::str::FromStr;

/// An instant as both databases can keep it: PostgreSQL rounds to microseconds, so we do for both.
pub(crate) fn instant(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

pub(crate) fn instant_opt(at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    at.map(instant)
}

/// A stored text as its enumeration.
pub(crate) fn text<T: FromStr<Err = UnknownValue>>(what: &'static str, value: &str) -> Result<T> {
    value.parse().map_err(|error: UnknownValue| Error::Corrupt { what, reason: error.to_string() })
}

pub(crate) fn text_opt<T: FromStr<Err = UnknownValue>>(what: &'static str, value: Option<String>) -> Result<Option<T>> {
    value.map(|v| text(what, &v)).transpose()
}

/// A stored JSON value as its type.
pub(crate) fn from_json<T: DeserializeOwned>(what: &'static str, value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| Error::Corrupt { what, reason: error.to_string() })
}

pub(crate) fn from_json_opt<T: DeserializeOwned>(what: &'static str, value: Option<Value>) -> Result<Option<T>> {
    value.map(|v| from_json(what, v)).transpose()
}

/// A type as JSON to be stored.
pub(crate) fn to_json<T: Serialize>(what: &'static str, value: &T) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| Error::Corrupt { what, reason: error.to_string() })
}

pub(crate) fn to_json_opt<T: Serialize>(what: &'static str, value: Option<&T>) -> Result<Option<Value>> {
    value.map(|v| to_json(what, v)).transpose()
}

/// A count as stored. Counts beyond the signed range do not occur; they would saturate.
pub(crate) fn big(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A stored count; a negative one, which nothing writes, reads as zero.
pub(crate) fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

pub(crate) fn small(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

pub(crate) fn small_count(value: i32) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

/// The sum of an integer column; PostgreSQL would answer with a decimal.
pub(crate) fn sum_of<C: ColumnTrait>(column: C) -> Expr {
    column.into_expr().sum().cast_as("bigint")
}

/// The number of rows with a value in this column.
pub(crate) fn count_of<C: ColumnTrait>(column: C) -> Expr {
    column.into_expr().count()
}

/// Leaves a row out that would break any unique index; the number of rows written tells.
pub(crate) fn unless_there() -> OnConflict {
    OnConflict::new().do_nothing().to_owned()
}
