//! Costs as a table for other programs: one line a record, made while it is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use db::costs::{CostFilter, CostRecord, Place};
use domain::{Caller, JobId, MicroUsd, Result};
use futures::stream::{BoxStream, StreamExt, try_unfold};

use super::calendar::Zone;
use super::{BATCH, CostQuery, filter_of, zone_of};
use crate::App;

/// Columns of the table.
const HEADER: &str = "date,recordedAt,userId,jobId,jobName,attempt,type,amountUsd,quantity,unit,rateUsd\r\n";

/// A table that is being made.
pub struct Export {
    /// A name for the file.
    pub file_name: String,
    /// CSV as RFC 4180 has it, in UTF-8. It breaks off with an error when storage does, so that half a table is not taken for a whole one.
    pub content: BoxStream<'static, std::io::Result<Bytes>>,
}

/// The records that [`super::list`] sums up, oldest first.
///
/// # Errors
/// As [`super::list`].
pub async fn export(app: Arc<App>, caller: &Caller, query: CostQuery) -> Result<Export> {
    let zone = zone_of(&app, caller, &query).await?;
    let filter = filter_of(&app, caller, &query, zone).await?;
    let file_name = format!("brightrun-costs-{}.csv", zone.day_of(app.clock.now()));
    let first = futures::stream::once(async { Ok(Bytes::from_static(HEADER.as_bytes())) });
    let state = Some((app, filter, None::<Place>));
    let rest = try_unfold(state, move |state| async move {
        let Some((app, filter, place)) = state else { return Ok(None) };
        let (lines, next) = page(&app, &filter, place, zone).await.map_err(std::io::Error::other)?;
        Ok::<_, std::io::Error>(Some((lines, next.map(|place| (app, filter, Some(place))))))
    });
    Ok(Export { file_name, content: first.chain(rest).boxed() })
}

async fn page(app: &App, filter: &CostFilter, place: Option<Place>, zone: Zone) -> Result<(Bytes, Option<Place>)> {
    let records = db::costs::after(&app.db, filter, place, BATCH).await?;
    let mut ids: Vec<JobId> = records.iter().filter_map(|record| record.job_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let names = db::jobs::names(&app.db, &ids).await?;
    let mut lines = String::new();
    for record in &records {
        line(&mut lines, record, &names, zone);
    }
    let full = records.len() as u64 == BATCH;
    let next = records.last().filter(|_| full).map(|last| (last.recorded_at, last.id));
    Ok((lines.into(), next))
}

fn line(lines: &mut String, record: &CostRecord, names: &BTreeMap<JobId, String>, zone: Zone) {
    let details = record.details.as_ref();
    let figure = |name: &str| details.and_then(|d| d.get(name)).and_then(serde_json::Value::as_f64);
    let (quantity, unit) = match (figure("hours"), figure("gb")) {
        (Some(hours), _) => (Some(hours), "hours"),
        (None, Some(gb)) => (Some(gb), "GB"),
        (None, None) => (None, ""),
    };
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let fields = [
        zone.day_of(record.recorded_at).to_string(),
        record.recorded_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        record.user_id.to_string(),
        record.job_id.map(|id| id.to_string()).unwrap_or_default(),
        text_field(record.job_id.and_then(|id| names.get(&id)).map_or("", String::as_str)),
        record.attempt.to_string(),
        record.cost_type.to_string(),
        usd(record.amount),
        number(quantity),
        unit.to_owned(),
        number(figure("rate")),
    ];
    lines.push_str(&fields.join(","));
    lines.push_str("\r\n");
}

/// Exact, to the micro-dollar.
fn usd(amount: MicroUsd) -> String {
    let sign = if amount.0 < 0 { "-" } else { "" };
    let micros = amount.0.unsigned_abs();
    format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// A field that somebody has written: quoted where it must be, and with a `'` before what a spreadsheet would take for a formula.
fn text_field(text: &str) -> String {
    let guarded = match text.trim_start_matches([' ', '\u{a0}']).chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '|' | '＝' | '＋' | '－' | '＠') => format!("'{text}"),
        _ => text.to_owned(),
    };
    if guarded.contains([',', '"', '\r', '\n']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_are_no_formulas() {
        assert_eq!(text_field("plain"), "plain");
        assert_eq!(text_field("a, \"b\"\nc"), "\"a, \"\"b\"\"\nc\"");
        assert_eq!(text_field("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        for bad in ["+1", "-1", "@x", "\tx", "  =1", "＝1"] {
            assert!(text_field(bad).starts_with('\''), "{bad}");
        }
        assert_eq!(text_field("\r=1"), "\"'\r=1\"");
    }

    #[test]
    fn amounts_are_exact() {
        assert_eq!(usd(MicroUsd(1)), "0.000001");
        assert_eq!(usd(MicroUsd(12_345_678)), "12.345678");
        assert_eq!(usd(MicroUsd(-1_000_000)), "-1.000000");
    }
}
