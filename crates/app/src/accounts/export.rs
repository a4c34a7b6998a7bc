//! Everything of an account's in one ZIP, made while it is sent: rows as the API shows them, and the data sets' files as they were uploaded.
//!
//! Entries are stored, not compressed, and always with ZIP64 fields, so that neither a file nor the whole is bounded at 4 GB.

use super::{UserView, account};
use crate::configurations::ConfigurationView;
use crate::jobs::{JobFilter, JobSort, JobView};
use crate::models::{ModelFilter, ModelView};
use crate::notifications::NotificationView;
use crate::pipe::piped;
use crate::{App, audit, configurations, datasets, jobs, models, notifications};
use async_zip::base::write::{EntryStreamWriter, ZipFileWriter};
use async_zip::{Compression, ZipEntryBuilder};
use blob::{ByteStream, Key};
use db::costs::{CostFilter, CostRecord};
use db::datasets::{Dataset, DatasetSort};
use domain::audit::AuditAction;
use domain::{Caller, Error, Result};
use futures::{AsyncWriteExt, StreamExt};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::io::DuplexStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

/// Rows that are read at once.
const ROWS: u64 = 100;

/// How rows look: as the API shows them, which only the API knows.
#[derive(Debug, Clone, Copy)]
pub struct Shapes {
    /// The account.
    pub account: fn(UserView) -> Value,
    /// A data set.
    pub dataset: fn(Dataset) -> Value,
    /// A job.
    pub job: fn(JobView) -> Value,
    /// A model.
    pub model: fn(ModelView) -> Value,
    /// A saved configuration.
    pub configuration: fn(ConfigurationView) -> Value,
    /// A notification.
    pub notification: fn(NotificationView) -> Value,
}

/// A list of rows, and the entry that it becomes.
#[derive(Debug, Clone, Copy)]
enum List {
    Datasets,
    Jobs,
    Models,
    Configurations,
    Notifications,
}

const LISTS: [(List, &str); 5] = [
    (List::Datasets, "datasets.json"),
    (List::Jobs, "jobs.json"),
    (List::Models, "models.json"),
    (List::Configurations, "configurations.json"),
    (List::Notifications, "notifications.json"),
];

/// A ZIP with everything of the caller's.
///
/// # Errors
/// When the database does not answer; what fails later breaks the stream off.
pub async fn export(app: Arc<App>, caller: Caller, shapes: Shapes) -> Result<ByteStream> {
    let user = account(&app, &caller).await?;
    audit::record(&app, audit::entry(&app, &caller, AuditAction::DataExported, user.id.uuid())).await?;
    let me = (shapes.account)(user.into());
    Ok(piped(|writer| async move { Export { app: &app, caller, shapes, zip: ZipFileWriter::new(writer.compat_write()) }.write(&me).await }))
}

struct Export<'a> {
    app: &'a App,
    caller: Caller,
    shapes: Shapes,
    zip: ZipFileWriter<Compat<DuplexStream>>,
}

impl Export<'_> {
    async fn write(mut self, me: &Value) -> Result<()> {
        self.one("account.json", me).await?;
        for (list, name) in LISTS {
            self.list(list, name).await?;
        }
        self.costs().await?;
        let missing = self.files().await?;
        // Nothing is left out without a word.
        self.one("not-included.json", &Value::Array(missing)).await?;
        let mut writer = self.zip.close().await.map_err(Error::internal)?;
        writer.close().await.map_err(Error::internal)
    }

    async fn one(&mut self, name: &str, value: &Value) -> Result<()> {
        let mut entry = self.zip.write_entry_stream(entry(name)).await.map_err(Error::internal)?;
        entry.write_all(format!("{value:#}\n").as_bytes()).await.map_err(Error::internal)?;
        entry.close().await.map_err(Error::internal)
    }

    /// An array, a page at a time.
    async fn list(&mut self, list: List, name: &str) -> Result<()> {
        let mut array = Array::begin(&mut self.zip, name).await?;
        for page in 1.. {
            let rows = rows(self.app, &self.caller, self.shapes, list, page).await?;
            let last = (rows.len() as u64) < ROWS;
            array.add(rows).await?;
            if last {
                break;
            }
        }
        array.end().await
    }

    async fn costs(&mut self) -> Result<()> {
        let mut array = Array::begin(&mut self.zip, "costs.json").await?;
        let filter = CostFilter { user_id: Some(self.caller.user_id), ..CostFilter::default() };
        let mut place = None;
        loop {
            let found = db::costs::after(&self.app.db, &filter, place, ROWS).await?;
            let Some(last) = found.last() else { break };
            place = Some((last.recorded_at, last.id));
            array.add(found.into_iter().map(cost).collect()).await?;
        }
        array.end().await
    }

    /// The data sets' files; answers those that are not there.
    async fn files(&mut self) -> Result<Vec<Value>> {
        let mut missing = Vec::new();
        for page in 1.. {
            let found = datasets::list(self.app, &self.caller, dataset_page(page)).await?.datasets;
            for dataset in &found {
                if !self.file(dataset).await? {
                    missing.push(json!({ "datasetId": dataset.id, "fileName": dataset.file_name, "reason": "no such file was uploaded" }));
                }
            }
            if (found.len() as u64) < ROWS {
                break;
            }
        }
        Ok(missing)
    }

    async fn file(&mut self, dataset: &Dataset) -> Result<bool> {
        let key = Key::parse(&dataset.s3_key).map_err(Error::internal)?;
        if self.app.blob.head(&key).await?.is_none() {
            return Ok(false);
        }
        let mut content = self.app.blob.get(&key, None).await?.content;
        let name = format!("datasets/{}/{}", dataset.id, plain(&dataset.file_name));
        let mut entry = self.zip.write_entry_stream(entry(&name)).await.map_err(Error::internal)?;
        while let Some(chunk) = content.next().await {
            entry.write_all(&chunk.map_err(Error::internal)?).await.map_err(Error::internal)?;
        }
        entry.close().await.map_err(Error::internal)?;
        Ok(true)
    }
}

/// An entry that is a JSON array, written row by row.
struct Array<'z> {
    entry: EntryStreamWriter<'z, Compat<DuplexStream>>,
    empty: bool,
}

impl<'z> Array<'z> {
    async fn begin(zip: &'z mut ZipFileWriter<Compat<DuplexStream>>, name: &str) -> Result<Self> {
        Ok(Self { entry: zip.write_entry_stream(entry(name)).await.map_err(Error::internal)?, empty: true })
    }

    async fn add(&mut self, rows: Vec<Value>) -> Result<()> {
        for row in rows {
            let before = if self.empty { "[\n" } else { ",\n" };
            self.empty = false;
            self.entry.write_all(format!("{before}{row}").as_bytes()).await.map_err(Error::internal)?;
        }
        Ok(())
    }

    async fn end(mut self) -> Result<()> {
        let end: &[u8] = if self.empty { b"[]\n" } else { b"\n]\n" };
        self.entry.write_all(end).await.map_err(Error::internal)?;
        self.entry.close().await.map_err(Error::internal)
    }
}

fn cost(cost: CostRecord) -> Value {
    json!({
        "id": cost.id, "jobId": cost.job_id, "type": cost.cost_type, "amount": cost.amount.usd(), "details": cost.details,
        "recordedAt": cost.recorded_at,
    })
}

fn entry(name: &str) -> ZipEntryBuilder {
    ZipEntryBuilder::new(name.to_owned().into(), Compression::Stored).unix_permissions(0o644)
}

/// A file name that stays in its folder wherever the ZIP is unpacked.
fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ') { c } else { '_' };
    let name: String = name.chars().map(plain).take(100).collect();
    match name.trim_start_matches('.') {
        "" => "file".to_owned(),
        name => name.to_owned(),
    }
}

fn dataset_page(page: u64) -> datasets::DatasetFilter {
    datasets::DatasetFilter {
        page,
        page_size: ROWS,
        sort: DatasetSort::Created,
        direction: db::Direction::Ascending,
        format: None,
        status: None,
        training_ready: None,
        needs_review: None,
        search: None,
        deleted: false,
        owner: None,
    }
}

async fn rows(app: &App, caller: &Caller, shapes: Shapes, list: List, page: u64) -> Result<Vec<Value>> {
    Ok(match list {
        List::Datasets => {
            let found = datasets::list(app, caller, dataset_page(page)).await?.datasets;
            found.into_iter().map(shapes.dataset).collect()
        }
        List::Jobs => {
            let filter = JobFilter { page, page_size: ROWS, sort: JobSort::CreatedAsc, ..JobFilter::default() };
            jobs::list(app, caller, filter).await?.jobs.into_iter().map(shapes.job).collect()
        }
        List::Models => {
            let filter = ModelFilter { page, page_size: ROWS, ..ModelFilter::default() };
            models::list(app, caller, filter).await?.models.into_iter().map(shapes.model).collect()
        }
        List::Configurations => {
            let (found, _) = configurations::list(app, caller, page, ROWS).await?;
            found.into_iter().map(shapes.configuration).collect()
        }
        List::Notifications => {
            let found = notifications::list(app, caller, false, page, ROWS).await?;
            found.notifications.into_iter().map(shapes.notification).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_of_files_stay_in_their_folder() {
        assert_eq!(plain("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(plain("C:\\talks.jsonl"), "C__talks.jsonl");
        assert_eq!(plain(".."), "file");
        assert_eq!(plain("Gespräche 1.jsonl"), "Gespräche 1.jsonl");
    }
}
