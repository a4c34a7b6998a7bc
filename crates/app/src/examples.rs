//! Examples of data sets and jobs as the trainer sees them: rendered text, tokens, and what becomes of each.
//!
//! One example is read and shown at once. What all of them come to is counted in the background, once for the same file and settings, and
//! kept in memory; an answer waits for it for a moment only.

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};
use dataset::Example;
use dataset::view::{ExampleView, ExampleViewer, PlacedExample, ViewOptions, ViewPlace};
pub use dataset::view::{ViewSegment, ViewTotals};
use db::datasets::Dataset;
use domain::dataset::DatasetStatus;
use domain::job::{LIMITS, OverlongExamples, TrainingConfig, preset};
use domain::{Caller, DatasetId, Error, JobId, Result};
use tokio::sync::{Semaphore, watch};
use tokio_util::io::{StreamReader, SyncIoBridge};

use crate::{App, datasets, jobs};

/// How long an answer waits for the totals.
const PATIENCE: Duration = Duration::from_millis(1500);
/// How long an example is looked for in its file.
const SEARCH: Duration = Duration::from_secs(20);
/// Surveys kept.
const KEPT: usize = 16;
/// Examples of a file whose places in batches are told; beyond it only their tokens are counted.
const MOST_PLACED: usize = 500_000;
/// Surveys that are made at once.
const AT_ONCE: usize = 1;

/// Which example of a data set to show, and for what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExampleQuery {
    /// Base model; none means the first.
    pub base_model: Option<String>,
    /// Tokens an example at most; none means as the presets have it.
    pub max_seq_length: Option<u32>,
    /// What happens to longer ones.
    pub overlong: OverlongExamples,
}

/// An example as shown.
#[derive(Debug, Clone)]
pub struct ShownExample {
    /// Its place in the file, from 1.
    pub number: u64,
    /// The line on which it begins.
    pub line: u64,
    /// Its conversation.
    pub conversation_id: String,
    /// Whether it is held out for validation; none where that is not known.
    pub validation: Option<bool>,
    /// Base model whose template and tokenizer these are.
    pub base_model: String,
    /// Tokens an example at most.
    pub max_seq_length: u32,
    /// The text and its tokens.
    pub view: ExampleView,
    /// What all examples come to; none while they are being counted.
    pub totals: Option<ViewTotals>,
}

/// Who shows examples, by base model, and what was counted lately.
#[derive(Default)]
pub struct Examples {
    viewers: BTreeMap<String, Arc<dyn ExampleViewer>>,
    surveys: Arc<Surveys>,
}

impl Examples {
    /// With those who show them, by base model id.
    pub fn new(viewers: BTreeMap<String, Arc<dyn ExampleViewer>>) -> Self {
        Self { viewers, surveys: Arc::default() }
    }
}

/// What a survey depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    dataset: DatasetId,
    sha256: Option<String>,
    base_model: String,
    max_seq_length: u32,
    overlong: OverlongExamples,
    day: NaiveDate,
}

/// What all examples of a file come to.
#[derive(Debug, Default)]
struct Survey {
    totals: ViewTotals,
    /// Those that are trained on, with their place in the file; none where there are too many.
    placed: Option<Vec<(u64, PlacedExample)>>,
}

/// None until it is made; the inner one stays none where it could not be.
type Waiting = watch::Receiver<Option<Option<Arc<Survey>>>>;

struct Surveys {
    known: Mutex<VecDeque<(Key, Waiting)>>,
    places: Arc<Semaphore>,
}

impl Default for Surveys {
    fn default() -> Self {
        Self { known: Mutex::default(), places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// What is to be shown.
struct Wanted {
    dataset: Dataset,
    number: u64,
    base_model: String,
    viewer: Arc<dyn ExampleViewer>,
    options: ViewOptions,
    max_seq_length: u32,
    config: Option<TrainingConfig>,
}

/// An example of a data set, for a base model and a sequence length.
///
/// # Errors
/// No such data set or example for the caller, a data set that is not validated, a base model or length that is not on offer.
pub async fn of_dataset(app: &App, caller: &Caller, id: DatasetId, number: u64, query: ExampleQuery) -> Result<ShownExample> {
    let dataset = datasets::get(app, caller, id).await?;
    let base_model = jobs::base_model_of(&app.config, query.base_model.as_deref())?;
    let length = query.max_seq_length.unwrap_or_else(|| preset(domain::job::PresetId::Custom, base_model.context_length).max_seq_length);
    let range = LIMITS.max_seq_length;
    if !(range.min..=range.max).contains(&f64::from(length)) {
        let why = format!("maxSeqLength is {length}; it must be between {} and {}.", range.min, range.max);
        return Err(Error::invalid("maxSeqLength", why));
    }
    let length = length.min(base_model.context_length);
    let (base_model, viewer) = viewer(app, &base_model.id)?;
    let options = ViewOptions { max_seq_length: length as usize, overlong: query.overlong, today: app.clock.now() };
    show(app, Wanted { dataset, number, base_model, viewer, options, max_seq_length: length, config: None }).await
}

/// An example of a job's data set, with the job's settings, split and batches.
///
/// # Errors
/// No such job or example for the caller, or a data set that is gone.
pub async fn of_job(app: &App, caller: &Caller, id: JobId, number: u64) -> Result<ShownExample> {
    let job = jobs::find(app, caller, id).await?;
    let dataset = db::datasets::get(&app.db, job.dataset_id).await?;
    let dataset = dataset.ok_or_else(|| Error::conflict("DATASET_DELETED", "The job's data set was deleted, so its examples are gone."))?;
    let context = app.config.base_models.iter().find(|model| model.id == job.base_model).map(|model| model.context_length);
    let (base_model, viewer) = viewer(app, &job.base_model)?;
    let mut config = job.config();
    let length = config.hyperparameters.max_seq_length.min(context.unwrap_or(u32::MAX));
    config.hyperparameters.max_seq_length = length;
    let today = job.started_at.unwrap_or_else(|| app.clock.now());
    let options = ViewOptions { max_seq_length: length as usize, overlong: config.settings.overlong_examples, today };
    show(app, Wanted { dataset, number, base_model, viewer, options, max_seq_length: length, config: Some(config) }).await
}

fn viewer(app: &App, base_model: &str) -> Result<(String, Arc<dyn ExampleViewer>)> {
    let found = app.examples.viewers.get(base_model).cloned();
    let found = found.ok_or_else(|| {
        let why = format!("The tokenizer of {base_model} is not on this server, so its examples cannot be shown.");
        Error::conflict("BASE_MODEL_NOT_LOADED", why)
    })?;
    Ok((base_model.to_owned(), found))
}

async fn show(app: &App, wanted: Wanted) -> Result<ShownExample> {
    let dataset = &wanted.dataset;
    let unread = matches!(dataset.status, DatasetStatus::Uploading | DatasetStatus::Validating);
    if unread || dataset.statistics.is_none() {
        return Err(Error::conflict("DATASET_NOT_VALIDATED", "The data set is not validated yet; wait until it is."));
    }
    let (example, mut view) = read_one(app, &wanted).await?;
    let survey = survey(app, &wanted).await?;
    let mut totals = survey.as_ref().map(|survey| survey.totals);
    let mut validation = example.split.map(|split| split == dataset::Split::Validation);
    if let (Some(survey), Some(config)) = (survey, wanted.config)
        && survey.placed.is_some()
    {
        let viewer = wanted.viewer.clone();
        let number = wanted.number;
        let placed = tokio::task::spawn_blocking(move || places(&survey, &*viewer, &config, number)).await.map_err(Error::internal)?;
        if let Some(totals) = &mut totals {
            totals.place(&placed.0);
        }
        if let Some(place) = placed.1 {
            view.pad(place.padding);
            validation = Some(place.validation);
        }
    }
    Ok(ShownExample {
        number: wanted.number,
        line: example.line,
        conversation_id: example.conversation_id,
        validation,
        base_model: wanted.base_model,
        max_seq_length: wanted.max_seq_length,
        view,
        totals,
    })
}

/// Where all examples come to lie, and the one of this number.
fn places(survey: &Survey, viewer: &dyn ExampleViewer, config: &TrainingConfig, number: u64) -> (Vec<ViewPlace>, Option<ViewPlace>) {
    let placed = survey.placed.as_deref().unwrap_or_default();
    let examples: Vec<PlacedExample> = placed.iter().map(|(_, example)| example.clone()).collect();
    let places = viewer.place(&examples, config);
    let at = placed.iter().position(|(of, _)| *of == number);
    let one = at.and_then(|at| places.get(at)).copied();
    (places, one)
}

/// Reads an example by its number and shows it.
async fn read_one(app: &App, wanted: &Wanted) -> Result<(Example, ExampleView)> {
    let content = content(app, &wanted.dataset).await?;
    let (format, number, options, viewer) = (wanted.dataset.format, wanted.number, wanted.options, wanted.viewer.clone());
    let read = move || -> Result<(Example, ExampleView)> {
        let begin = Instant::now();
        let mut seen = 0;
        for example in dataset::examples_of(content, Some(format)).map_err(datasets::unusable)? {
            let example = example.map_err(datasets::unusable)?;
            seen += 1;
            if seen == number {
                let view = viewer.view(&example.messages, &options).map_err(|why| Error::conflict("EXAMPLE_NOT_SHOWN", why))?;
                return Ok((example, view));
            }
            if begin.elapsed() > SEARCH {
                let why =
                    format!("Example {number} is too far into the file to be looked for here; `brightrun inspect` has no such limit.");
                return Err(Error::conflict("EXAMPLE_TOO_FAR", why));
            }
        }
        let mut missing = Error::not_found("EXAMPLE_NOT_FOUND", "example");
        missing.message = format!("There is no example {number}; the data set has {seen}, numbered from 1.");
        Err(missing)
    };
    tokio::task::spawn_blocking(read).await.map_err(Error::internal)?
}

async fn content(app: &App, dataset: &Dataset) -> Result<impl Read + Send + 'static> {
    let object = datasets::file_of(app, dataset, None).await?;
    Ok(SyncIoBridge::new(StreamReader::new(object.content)))
}

/// What all examples come to, where that is known or becomes known soon.
async fn survey(app: &App, wanted: &Wanted) -> Result<Option<Arc<Survey>>> {
    let key = Key {
        dataset: wanted.dataset.id,
        sha256: wanted.dataset.sha256.clone(),
        base_model: wanted.base_model.clone(),
        max_seq_length: wanted.max_seq_length,
        overlong: wanted.options.overlong,
        day: day(wanted.options.today),
    };
    let surveys = &app.examples.surveys;
    let mut waiting = match surveys.find(&key) {
        Some(waiting) => waiting,
        None => {
            // Where others are being made, this one is begun by a later request.
            let Ok(permit) = surveys.places.clone().try_acquire_owned() else { return Ok(None) };
            let content = content(app, &wanted.dataset).await?;
            let (sender, receiver) = watch::channel(None);
            surveys.begin(key, receiver.clone());
            let (format, options, viewer, alive) = (wanted.dataset.format, wanted.options, wanted.viewer.clone(), Arc::downgrade(surveys));
            // Ends by itself as soon as nobody holds the surveys any more, which is when the server ends.
            drop(tokio::task::spawn_blocking(move || {
                let survey = count(content, format, &options, &*viewer, &alive);
                drop(permit);
                sender.send_replace(Some(survey.map(Arc::new)));
            }));
            receiver
        }
    };
    let known = tokio::time::timeout(PATIENCE, waiting.wait_for(Option::is_some)).await;
    Ok(known.ok().and_then(std::result::Result::ok).and_then(|known| known.clone().flatten()))
}

fn day(at: DateTime<Utc>) -> NaiveDate {
    at.date_naive()
}

impl Surveys {
    fn find(&self, key: &Key) -> Option<Waiting> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|(of, _)| of == key)?;
        let entry = known.remove(at)?;
        // One that could not be made is made again.
        let failed = matches!(&*entry.1.borrow(), Some(None)) || entry.1.has_changed().is_err() && entry.1.borrow().is_none();
        if failed {
            return None;
        }
        let waiting = entry.1.clone();
        known.push_back(entry);
        Some(waiting)
    }

    fn begin(&self, key: Key, waiting: Waiting) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.push_back((key, waiting));
        while known.len() > KEPT {
            known.pop_front();
        }
    }
}

/// Counts all examples; none where the file cannot be read to its end, or the server ends.
fn count(
    content: impl Read,
    format: domain::dataset::DatasetFormat,
    options: &ViewOptions,
    viewer: &dyn ExampleViewer,
    alive: &Weak<Surveys>,
) -> Option<Survey> {
    let mut survey = Survey { totals: ViewTotals::default(), placed: Some(Vec::new()) };
    for example in dataset::examples_of(content, Some(format)).ok()? {
        if alive.strong_count() == 0 {
            return None;
        }
        let example = example.ok()?;
        let view = viewer.view(&example.messages, options).ok()?;
        survey.totals.add(&view);
        if let (true, Some(placed)) = (view.trains() && !view.dropped, &mut survey.placed) {
            placed.push((survey.totals.examples, PlacedExample::new(&example, view.kept())));
        }
        survey.placed = survey.placed.filter(|placed| placed.len() <= MOST_PLACED);
    }
    Some(survey)
}
