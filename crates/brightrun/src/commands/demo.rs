//! `brightrun demo`: the main job on the sample data set, over the API of a server in this process, as any client would do it.
//!
//! Run again on the same folder it starts from what is there: the account, the data set, a job that still runs, a finished model.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use app::datasets::{SAMPLE, SAMPLE_FILE_NAME};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::client::{Client, StreamEvent};
use crate::config::Settings;
use crate::output::say;
use crate::server;

/// Arguments of `demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Leave after the job, with an exit code by its result.
    #[arg(long, env = "DEMO_EXIT", value_parser = clap::builder::FalseyValueParser::new())]
    exit: bool,
}

/// The demo account, kept in the data folder.
#[derive(Serialize, Deserialize)]
struct Account {
    email: String,
    password: String,
}

/// Runs the command.
pub async fn run(args: &DemoArgs, settings: Settings) -> Result<ExitCode> {
    let settings = with_free_port(settings).await?;
    let data_dir = settings.data_dir.clone();
    let shutdown = CancellationToken::new();
    let running = server::start(settings, shutdown.clone()).await?;
    let address = running.url.clone();
    say(&format!("BrightRun listens on {address}"));
    server::stop_on_signal(shutdown.clone());
    let result = tokio::select! {
        result = main_job(&address, &data_dir) => Some(result),
        () = shutdown.cancelled() => None,
    };
    let code = match &result {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(e)) => {
            say(&format!("The demo did not finish: {e:#}"));
            ExitCode::FAILURE
        }
        None => ExitCode::from(130),
    };
    if result.is_some() && !args.exit {
        say(&format!("\nThe page: {address}   (Ctrl-C ends the server)"));
        shutdown.cancelled().await;
    }
    shutdown.cancel();
    running.finished().await;
    Ok(code)
}

/// The configured port, or a free one when somebody else has it.
async fn with_free_port(mut settings: Settings) -> Result<Settings> {
    if tokio::net::TcpListener::bind(settings.listen).await.is_err() {
        let old = settings.listen;
        settings.listen = SocketAddr::new(old.ip(), 0);
        say(&format!("{old} is in use; a free port is taken instead."));
    }
    Ok(settings)
}

async fn main_job(address: &str, data_dir: &Path) -> Result<()> {
    let mut client = Client::new(address);
    let account = sign_in(&mut client, data_dir).await?;
    say(&format!("Account   {}   password {}", account.email, account.password));
    let dataset_id = dataset(&client).await?;
    let (job_id, known) = job(&client, &dataset_id).await?;
    if !known {
        say(&format!("Job       {job_id}"));
    }
    let started = Instant::now();
    let model_id = follow(&client, &job_id).await?;
    if !known {
        say(&format!("Trained in {:.1} s", started.elapsed().as_secs_f64()));
    }
    download(&client, &model_id, &data_dir.join("demo-adapter")).await?;
    say(&format!("Monitor   {address}/training/jobs/{job_id}"));
    say(&format!("Model     {address}/models/{model_id}"));
    Ok(())
}

async fn sign_in(client: &mut Client, data_dir: &Path) -> Result<Account> {
    let path = data_dir.join("demo-account.json");
    if let Ok(text) = fs::read_to_string(&path) {
        let account: Account = serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?;
        let answer = client.post("/api/auth/login", &json!({"email": account.email, "password": account.password})).await?;
        client.set_token(&answer)?;
        return Ok(account);
    }
    let account = Account { email: "demo@brightrun.local".to_owned(), password: hex::encode(rand::random::<[u8; 8]>()) };
    let body = json!({"email": account.email, "password": account.password, "name": "Demo Account", "organization": "BrightRun"});
    let answer = client.post("/api/auth/signup", &body).await?;
    client.set_token(&answer)?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(serde_json::to_string_pretty(&account)?.as_bytes())?;
    Ok(account)
}

/// The sample data set: the one that is there, or uploaded now.
async fn dataset(client: &Client) -> Result<String> {
    let name = "Sample: bike workshop help desk";
    let list = client.get("/api/datasets?pageSize=100").await?;
    let found = items(&list, "datasets").find(|d| d["name"] == name && d["status"] != "error").cloned();
    let id = match found {
        Some(dataset) if dataset["status"] == "ready" => {
            say(&format!("Data set  {} (already there)", dataset["id"].as_str().unwrap_or_default()));
            return text(&dataset, "id");
        }
        Some(dataset) if dataset["status"] == "validating" => text(&dataset, "id")?,
        _ => {
            let body = json!({"name": name, "description": "Conversations of a bike workshop's help desk, made for trying things out.",
                "format": "brightrun-lora-v4", "fileName": SAMPLE_FILE_NAME, "fileSize": SAMPLE.len()});
            let made = client.post("/api/datasets", &body).await?;
            let id = text(&made, "datasetId")?;
            client.put_signed(&made, SAMPLE.to_vec()).await?;
            client.post(&format!("/api/datasets/{id}/confirm"), &json!({})).await?;
            id
        }
    };
    let ready = client
        .until(&format!("/api/datasets/{id}"), Duration::from_secs(120), |d| {
            matches!(d["dataset"]["status"].as_str(), Some("ready" | "error"))
        })
        .await?;
    let dataset = &ready["dataset"];
    if dataset["status"] == "error" {
        bail!("the sample data set was refused: {}", dataset["errorMessage"].as_str().unwrap_or("no reason was given"));
    }
    say(&format!(
        "Data set  {id}: {} conversations, {} trainable pairs, {} tokens",
        dataset["totalConversations"], dataset["totalTrainingPairs"], dataset["totalTokens"]
    ));
    Ok(id)
}

/// A job on the data set that is finished or still lives, else a new one. The flag tells whether it was there already.
async fn job(client: &Client, dataset_id: &str) -> Result<(String, bool)> {
    let list = client.get("/api/jobs?pageSize=100&sortBy=created-desc").await?;
    let usable = |j: &&Value| j["datasetId"] == dataset_id && !matches!(j["status"].as_str(), Some("failed" | "cancelled"));
    if let Some(job) = items(&list, "jobs").find(usable) {
        let id = text(job, "id")?;
        say(&format!("Job       {id} ({}, from an earlier run)", job["status"].as_str().unwrap_or_default()));
        return Ok((id, true));
    }
    let catalogue = client.get("/api/catalogue").await?;
    let balanced = items(&catalogue, "presets").find(|p| p["id"] == "balanced").context("the catalogue has no balanced preset")?;
    let hyperparameters = &balanced["hyperparameters"];
    let gpu = json!({"instanceType": "local-cpu", "numGPUs": 1});
    let estimate =
        client.post("/api/jobs/estimate", &json!({"datasetId": dataset_id, "hyperparameters": hyperparameters, "gpuConfig": gpu})).await?;
    say(&format!(
        "Estimate  {} steps, about {:.0} s, ${:.4}",
        estimate["totalSteps"],
        estimate["duration"]["estimated"].as_f64().unwrap_or(0.0),
        estimate["cost"]["total"].as_f64().unwrap_or(0.0)
    ));
    let body = json!({"datasetId": dataset_id, "presetId": "balanced", "hyperparameters": hyperparameters, "gpuConfig": gpu,
        "name": "Demo: bike workshop adapter"});
    let made = client.post("/api/jobs", &body).await?;
    Ok((text(&made, "jobId")?, false))
}

/// Follows the job to its end with a progress bar, and names its model.
async fn follow(client: &Client, job_id: &str) -> Result<String> {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("Training  [{bar:32}] step {pos}/{len}  {msg}").context("the bar's template")?;
    bar.set_style(style.progress_chars("=> "));
    let (mut loss, mut speed, mut left) = (None, None, None);
    let mut outcome = None;
    let mut on_event = |event: StreamEvent| {
        let data = &event.data;
        match event.name.as_str() {
            "progress" => {
                bar.set_length(data["totalSteps"].as_u64().unwrap_or(0));
                bar.set_position(data["currentStep"].as_u64().unwrap_or(0));
                left = data["estimatedTimeRemaining"].as_f64();
            }
            "metrics" => {
                loss = data["trainingLoss"].as_f64().or(loss);
                speed = data["throughput"].as_f64().or(speed);
            }
            "complete" => outcome = data["artifactId"].as_str().map(|id| Ok(id.to_owned())),
            "error" => outcome = Some(Err(data["error"].as_str().unwrap_or("the job failed").to_owned())),
            "cancelled" => outcome = Some(Err("the job was cancelled".to_owned())),
            _ => {}
        }
        let part = |value: Option<f64>, show: fn(f64) -> String| value.map(show).unwrap_or_default();
        bar.set_message(format!(
            "{}{}{}",
            part(loss, |l| format!("loss {l:.4}")),
            part(speed, |s| format!("  {s:.0} tokens/s")),
            part(left, |s| format!("  {s:.0} s left"))
        ));
        outcome.is_none()
    };
    client.stream(&format!("/api/jobs/{job_id}/stream"), &mut on_event).await?;
    bar.finish();
    match outcome {
        Some(Ok(model_id)) => Ok(model_id),
        Some(Err(reason)) => bail!("job {job_id}: {reason}"),
        None => bail!("the stream of job {job_id} ended before the job did"),
    }
}

async fn download(client: &Client, model_id: &str, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let kinds = ["adapter-model", "adapter-config", "tokenizer", "tokenizer-config", "metadata", "readme"];
    for kind in kinds {
        let answer = client.get(&format!("/api/models/{model_id}/download?artifact={kind}")).await?;
        let name: PathBuf = Path::new(&text(&answer, "fileName")?).file_name().context("a file without a name")?.into();
        let bytes = client.get_bytes(&text(&answer, "downloadUrl")?).await?;
        let expected = answer["fileSize"].as_u64();
        if expected.is_some_and(|size| size != bytes.len() as u64) {
            bail!("{} has {} bytes, not {}", name.display(), bytes.len(), expected.unwrap_or(0));
        }
        fs::write(folder.join(&name), &bytes)?;
    }
    say(&format!("Adapter   {}", folder.display()));
    Ok(())
}

fn items<'a>(answer: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    answer[key].as_array().into_iter().flatten()
}

fn text(answer: &Value, key: &str) -> Result<String> {
    answer[key].as_str().map(str::to_owned).with_context(|| format!("the server's answer has no {key}"))
}
