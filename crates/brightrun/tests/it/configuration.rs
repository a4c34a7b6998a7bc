//! Where settings come from, and that they reach the server.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::support::*;

/// Value and source of every setting.
fn shown(dir: &Path) -> BTreeMap<String, (String, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_brightrun"));
    command.args(["config", "show", "--local-runs", "3", "--data-dir"]).arg(dir).env_remove("DATABASE_URL");
    command.env("BRIGHTRUN_SILENT_MINUTES", "5").env("BRIGHTRUN_METRICS_TOKEN", "a token that nobody sees");
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(!text.contains("nobody sees"), "{text}");
    let row = |line: &str| {
        let (name, rest) = line.split_once(' ').expect("a name");
        let (value, source) = rest.rsplit_once("   (").expect("a source");
        (name.to_owned(), (value.trim().to_owned(), source.trim_end_matches(')').to_owned()))
    };
    text.lines().map(row).collect()
}

#[test]
fn every_setting_says_where_it_came_from() {
    let dir = tempfile::tempdir().expect("folder");
    std::fs::write(dir.path().join("brightrun.toml"), "signup = 'closed'\nlocal_runs = 2\n[tiers.free]\nconcurrent_jobs = 7\n")
        .expect("written");
    let shown = shown(dir.path());
    let of = |name: &str| shown.get(name).map(|(value, source)| (value.as_str(), source.as_str()));
    assert_eq!(of("local_runs"), Some(("3", "flag")), "flags win over the file");
    assert_eq!(of("silent_minutes"), Some(("5", "environment")));
    assert_eq!(of("metrics_token"), Some(("(redacted)", "environment")));
    assert_eq!(of("signup"), Some(("closed", "file")));
    assert_eq!(of("queue_warning_minutes"), Some(("60", "default")));
    assert_eq!(of("rate_limits"), Some(("10,120,1200", "default")), "as the specification's rulings have them");
    assert!(of("tiers.free").is_some_and(|(value, source)| value.starts_with("7 jobs at once") && source == "file"), "{shown:#?}");
}

#[tokio::test]
async fn tiers_and_rates_of_the_file_are_those_of_the_server() {
    let dir = tempfile::tempdir().expect("folder");
    let file = "[tiers.free]\nmax_file_size = 1000\nmonthly_budget = 0.01\n\
                [instances.local-cpu]\nrate_per_hour = 0.25\nspot_rate_per_hour = 0.1\n[instances.l40s-48gb]\nrate_per_hour = 0.8\n";
    std::fs::write(dir.path().join("brightrun.toml"), file).expect("written");
    let server = Server::start(dir.path());
    let client = account(&server, "a@example.test").await;
    let catalogue = client.get("/api/catalogue").await.expect("the catalogue");
    assert_eq!(catalogue["maxFileSize"], 1000);
    let rate = |id: &str| {
        let types = catalogue["instanceTypes"].as_array().expect("a list");
        let found = types.iter().find(|instance| instance["id"] == id).expect("there");
        (found["ratePerHour"].as_f64().expect("a rate"), found["available"].as_bool().expect("a word"))
    };
    assert_eq!((rate("local-cpu"), rate("l40s-48gb"), rate("h100-80gb")), ((0.25, true), (0.8, false), (4.5, false)));
    assert_eq!(catalogue["instanceTypes"][0]["spotRatePerHour"], 0.1);
    assert_eq!(client.get("/api/costs/summary").await.expect("the month")["currentMonth"]["budget"], 0.01);
    let large = serde_json::json!({"name": "x", "description": "", "format": "alpaca", "fileSize": 1001, "fileName": "x.json"});
    let refused = client.post("/api/datasets", &large).await.expect_err("too large for the tier").to_string();
    assert!(refused.contains("FILE_TOO_LARGE"), "{refused}");
}
