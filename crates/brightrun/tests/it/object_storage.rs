//! The program over an S3 bucket.

use crate::support::*;
use futures::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::S3Server;

fn environment(s3: &S3Server) -> [(&str, &str); 4] {
    [
        ("S3_ENDPOINT", s3.endpoint.as_str()),
        ("S3_BUCKET_NAME", S3Server::BUCKET),
        ("AWS_ACCESS_KEY_ID", S3Server::ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", S3Server::SECRET_KEY),
    ]
}

#[tokio::test]
async fn the_main_job_over_a_bucket() {
    let (dir, s3) = (tempfile::tempdir().expect("folder"), S3Server::start());
    let server = Server::start_at(dir.path(), "127.0.0.1:0", &environment(&s3));
    let client = account(&server, "a@example.test").await;
    let content = fixture("v4-meta.jsonl");
    let made = create_dataset(&client, "v4-meta.jsonl", content.len()).await;
    let url = made["uploadUrl"].as_str().expect("a URL");
    assert!(url.starts_with(&s3.endpoint), "the file goes straight to the bucket: {url}");
    assert!(client.put_signed(&made, [&content[..], b"x"].concat()).await.is_err(), "one byte more than announced");
    let dataset = upload(&client, "v4-meta.jsonl", content.clone()).await;
    assert_eq!((dataset["status"].as_str(), dataset["s3Bucket"].as_str()), (Some("ready"), Some(S3Server::BUCKET)), "{dataset}");
    let stored = s3.bucket_folder().join(dataset["s3Key"].as_str().expect("a key"));
    assert_eq!(std::fs::read(stored).expect("an object"), content);

    let job_id = create_job(&client, &job_request(&dataset["id"], &json!({}))).await;
    stream_until(&client, &job_id, "complete").await;
    let model_id = job(&client, &job_id).await["artifactId"].as_str().expect("a model").to_owned();
    let download = async |artifact: &str| {
        let answer = client.get(&format!("/api/models/{model_id}/download?artifact={artifact}")).await.expect("download");
        let url = answer["downloadUrl"].as_str().expect("a URL").to_owned();
        let bytes = client.get_bytes(&url).await.expect("bytes");
        assert_eq!(Some(bytes.len() as u64), answer["fileSize"].as_u64(), "{artifact}");
        (url, bytes)
    };
    let (url, weights) = download("adapter-model").await;
    assert!(url.starts_with(&s3.endpoint), "{url}");
    let folder = s3.bucket_folder().join("models").join(&model_id);
    assert_eq!(std::fs::read(folder.join("adapter_model.safetensors")).expect("an object"), weights);
    let (url, zip) = download("all").await;
    assert!(url.starts_with(&server.url) && zip.starts_with(b"PK\x03\x04"), "made by the server while it is sent: {url}");
    assert!(zip.windows(weights.len()).any(|part| part == weights), "stored as it is");
    assert!(!dir.path().join("objects").exists(), "nothing is kept in the data folder");

    let http = reqwest::Client::new();
    let page = http.get(&server.url).send().await.expect("an answer");
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.contains(&format!("connect-src 'self' {};", s3.endpoint)), "{policy}");
    let ready = async |url: String| reqwest::get(format!("{url}/readyz")).await.expect("an answer");
    assert_eq!(ready(server.url.clone()).await.status(), 200);
    drop(s3);
    let answer = ready(server.url.clone()).await;
    let (status, body) = (answer.status(), answer.json::<Value>().await.expect("JSON"));
    assert!(status == 503 && body["problems"][0].as_str().is_some_and(|p| p.starts_with("storage")), "{status} {body}");
}

#[tokio::test]
async fn a_bucket_that_cannot_be_used_ends_the_start_with_a_reason() {
    let (dir, s3) = (tempfile::tempdir().expect("folder"), S3Server::start());
    let start = |changed: &str, value: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_brightrun"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path()).envs(environment(&s3)).env(changed, value);
        let ended = command.env_remove("DATABASE_URL").output().expect("it runs");
        assert!(!ended.status.success(), "{changed}={value}");
        String::from_utf8_lossy(&ended.stderr).into_owned()
    };
    let error = start("S3_BUCKET_NAME", "elsewhere");
    assert!(error.contains("cannot use the bucket elsewhere") && error.contains("S3_BUCKET_NAME"), "{error}");
    assert!(error.contains("there is no bucket elsewhere"), "{error}");
    let error = start("S3_ENDPOINT", "http://127.0.0.1:1");
    assert!(error.contains("cannot use the bucket things at http://127.0.0.1:1"), "{error}");
    let error = start("AWS_SECRET_ACCESS_KEY", "a wrong guess");
    assert!(error.contains("access key") && !error.contains("a wrong guess"), "{error}");
    let error = start("AWS_ACCESS_KEY_ID", "");
    assert!(error.contains("AWS_ACCESS_KEY_ID must be set"), "{error}");
}

/// The most memory that a process has held, in bytes.
fn peak_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") * 1024
}

/// `size` bytes of conversations, a piece at a time; the last line is filled up with blanks. Most of each line is not trained on, so that few
/// tokens are counted.
fn conversations(size: u64) -> impl futures::Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static {
    futures::stream::unfold((0_u64, 0_u64), move |(sent, number)| async move {
        let (mut piece, mut number) = (Vec::new(), number);
        while piece.len() < 256 * 1024 && sent + (piece.len() as u64) < size {
            let line = format!(
                "{{\"messages\":[{{\"role\":\"user\",\"content\":\"Question {number}: how do I true wheel {number}?\"}},\
                 {{\"role\":\"assistant\",\"content\":\"Turn spoke {number} by a quarter, then look again.\"}}],\"notes\":\"{}\"}}\n",
                "Seen at the bench. ".repeat(1000)
            );
            let left = (size - sent) as usize - piece.len();
            if line.len() > left {
                piece.extend(std::iter::repeat_n(b' ', left))
            } else {
                piece.extend(line.into_bytes())
            }
            number += 1;
        }
        (!piece.is_empty()).then(|| {
            let sent = sent + piece.len() as u64;
            (Ok(piece), (sent, number))
        })
    })
}

/// `BRIGHTRUN_TEST_LARGE_UPLOAD` is a number of megabytes, such as 1200; unset, nothing is sent.
#[tokio::test]
async fn a_large_upload_takes_little_memory() {
    let Some(megabytes) = std::env::var("BRIGHTRUN_TEST_LARGE_UPLOAD").ok().and_then(|text| text.parse::<u64>().ok()) else {
        eprintln!("skipped: set BRIGHTRUN_TEST_LARGE_UPLOAD=1200 to send 1,200 MB");
        return;
    };
    let size = megabytes * 1_000_000;
    for over_s3 in [false, true] {
        let (dir, s3) = (tempfile::tempdir().expect("folder"), over_s3.then(S3Server::start));
        let settings = s3.as_ref().map(environment);
        let server = Server::start_at(dir.path(), "127.0.0.1:0", settings.as_ref().map_or(&[], |s| &s[..]));
        let client = account(&server, "a@example.test").await;
        let before = peak_memory(server.pid());
        let body = json!({"name": "Large", "format": "brightrun-lora-v4", "fileName": "large.jsonl", "fileSize": size});
        let made = client.post("/api/datasets", &body).await.expect("created");
        let began = std::time::Instant::now();
        let mut call = reqwest::Client::new().put(made["uploadUrl"].as_str().expect("a URL")).header("content-length", size);
        for (name, value) in made["uploadHeaders"].as_object().expect("headers") {
            call = call.header(name, value.as_str().expect("text"));
        }
        let sent = call.body(reqwest::Body::wrap_stream(conversations(size))).send().await.expect("an answer");
        assert!(sent.status().is_success(), "{}", sent.text().await.unwrap_or_default());
        let (sending, uploaded) = (began.elapsed(), peak_memory(server.pid()));
        let id = made["datasetId"].as_str().expect("an id");
        client.post(&format!("/api/datasets/{id}/confirm"), &json!({})).await.expect("confirmed");
        let began = std::time::Instant::now();
        let dataset = validated_within(&client, id, Duration::from_secs(megabytes)).await;
        assert_eq!(dataset["status"], "ready", "{dataset}");
        let (reading, peak) = (began.elapsed(), peak_memory(server.pid()));
        // The same file goes out again, in a ZIP that is made while it is sent.
        let token = log_in_token(&server, "a@example.test").await;
        let began = std::time::Instant::now();
        let export = reqwest::Client::new().get(format!("{}/api/auth/me/export", server.url)).bearer_auth(token).send();
        let (mut body, mut zipped) = (export.await.expect("an answer").bytes_stream(), 0);
        while let Some(piece) = body.next().await {
            zipped += piece.expect("whole").len() as u64;
        }
        assert!(zipped > size, "{zipped}");
        let (exporting, exported) = (began.elapsed(), peak_memory(server.pid()));
        let mib = |bytes: u64| bytes / (1024 * 1024);
        eprintln!(
            "{megabytes} MB {}: sent in {:.1} s, validated in {:.1} s, \
             exported in {:.1} s; peak memory of the server {} MiB before, {} MiB after the upload, {} MiB after validation, {} MiB after the export",
            if over_s3 { "to the bucket" } else { "to the folder" },
            sending.as_secs_f64(),
            reading.as_secs_f64(),
            exporting.as_secs_f64(),
            mib(before),
            mib(uploaded),
            mib(peak),
            mib(exported),
        );
        assert!(uploaded < before + 64 * 1024 * 1024, "an upload is not held in memory");
        assert!(exported < peak + 64 * 1024 * 1024, "a ZIP is not held in memory");
    }
}
