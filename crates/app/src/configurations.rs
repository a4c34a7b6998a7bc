//! Saved configurations: what the caller wants to train with again, under a name.

use crate::App;
use crate::idempotency::{Once, once};
use crate::jobs::{JobSetup, check_without_dataset};
use chrono::{DateTime, Utc};
use db::Page;
use db::configurations::Configuration;
use domain::{Caller, ConfigurationId, Error, Result};

/// Configurations of an account at most.
const MOST: u64 = 100;
/// Longest name, in characters.
const MAX_NAME: usize = 80;

/// A configuration to save.
#[derive(Debug, Clone, PartialEq)]
pub struct NewConfiguration {
    /// What its owner calls it.
    pub name: String,
    /// What it says.
    pub settings: JobSetup,
}

/// What to change of a configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UpdateConfiguration {
    /// New name.
    pub name: Option<String>,
    /// What it says from now on, as a whole.
    pub settings: Option<JobSetup>,
}

/// A saved configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigurationView {
    /// Id.
    pub id: ConfigurationId,
    /// What its owner calls it.
    pub name: String,
    /// What it says.
    pub settings: JobSetup,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl TryFrom<Configuration> for ConfigurationView {
    type Error = Error;
    fn try_from(c: Configuration) -> Result<Self> {
        let settings = serde_json::from_value(c.settings).map_err(Error::internal)?;
        Ok(Self { id: c.id, name: c.name, settings, created_at: c.created_at, updated_at: c.updated_at })
    }
}

/// Saves a configuration. With an idempotency key the same request saves one only.
///
/// # Errors
/// Fields that a job could not have either, a name that the caller has given already, or too many configurations.
pub async fn create(app: &App, caller: &Caller, new: NewConfiguration, key: Option<&str>) -> Result<ConfigurationView> {
    let name = checked_name(&new.name)?;
    check(app, &new.settings).await?;
    let settings = serde_json::to_value(&new.settings).map_err(Error::internal)?;
    let fields = serde_json::json!([name, settings]).to_string();
    let now = app.clock.now();
    let id = ConfigurationId::new(now);
    let configuration = Configuration { id, user_id: caller.user_id, name, settings, created_at: now, updated_at: now };
    let make = insert(app, configuration);
    match once(app, caller, "POST /api/configurations".to_owned(), (key, &fields), make, |made| made.id).await? {
        Once::Now(configuration) => configuration.try_into(),
        Once::Before(id) => find(app, caller, id).await?.try_into(),
    }
}

async fn insert(app: &App, configuration: Configuration) -> Result<Configuration> {
    match db::configurations::insert(&app.db, &configuration, MOST).await {
        Ok(true) => Ok(configuration),
        Ok(false) => {
            let message = format!("An account keeps at most {MOST} configurations; delete one that is not needed any more.");
            Err(Error::conflict("TOO_MANY_CONFIGURATIONS", message))
        }
        Err(error) => Err(named(error)),
    }
}

/// A page of the caller's configurations, the one that changed last first, and how many there are.
///
/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, caller: &Caller, page: u64, page_size: u64) -> Result<(Vec<ConfigurationView>, u64)> {
    let found = db::configurations::list(&app.db, caller.user_id, Page { number: page, size: page_size }).await?;
    Ok((found.rows.into_iter().map(ConfigurationView::try_from).collect::<Result<_>>()?, found.total))
}

/// Changes one of the caller's configurations.
///
/// # Errors
/// When the caller has no such configuration, and as [`create`].
pub async fn update(app: &App, caller: &Caller, id: ConfigurationId, change: UpdateConfiguration) -> Result<ConfigurationView> {
    find(app, caller, id).await?;
    let name = change.name.as_deref().map(checked_name).transpose()?;
    let settings = match &change.settings {
        Some(settings) => {
            check(app, settings).await?;
            Some(serde_json::to_value(settings).map_err(Error::internal)?)
        }
        None => None,
    };
    let write = move |configuration: &mut Configuration| {
        configuration.name = name.unwrap_or(std::mem::take(&mut configuration.name));
        configuration.settings = settings.unwrap_or(configuration.settings.take());
    };
    let changed = db::configurations::update(&app.db, id, app.clock.now(), write).await.map_err(named)?;
    changed.ok_or_else(not_found)?.try_into()
}

/// Deletes one of the caller's configurations.
///
/// # Errors
/// When the caller has no such configuration.
pub async fn delete(app: &App, caller: &Caller, id: ConfigurationId) -> Result<()> {
    find(app, caller, id).await?;
    if db::configurations::remove(&app.db, id).await? { Ok(()) } else { Err(not_found()) }
}

async fn find(app: &App, caller: &Caller, id: ConfigurationId) -> Result<Configuration> {
    let found = db::configurations::get(&app.db, id).await?.filter(|configuration| configuration.user_id == caller.user_id);
    found.ok_or_else(not_found)
}

fn not_found() -> Error {
    Error::not_found("CONFIGURATION_NOT_FOUND", "configuration")
}

fn named(error: db::Error) -> Error {
    match error {
        db::Error::Duplicate(_) => {
            let message = "You have a configuration of this name; choose another name, or change that one.";
            Error::conflict("CONFIGURATION_NAME_TAKEN", message).with_field("name")
        }
        error => error.into(),
    }
}

fn checked_name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(Error::invalid("name", format!("The name must have 1 to {MAX_NAME} characters.")));
    }
    Ok(name.to_owned())
}

/// The settings are a part of these requests: so is the field at fault.
async fn check(app: &App, settings: &JobSetup) -> Result<()> {
    check_without_dataset(app, settings).await.map_err(|error| match &error.field {
        Some(field) => {
            let field = format!("settings.{field}");
            error.with_field(field)
        }
        None => error,
    })
}
