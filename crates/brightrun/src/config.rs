//! Configuration: defaults < file < environment < flags. Unknown keys in the file are refused, and `config show` says where each value
//! came from.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;

mod cluster;
mod mail;
mod models;
mod offers;
mod s3;

pub use cluster::{ClusterOptions, ClusterSettings};
pub use mail::MailOptions;
pub use models::{ModelEntry, ModelOptions, ModelSettings};
pub use offers::Offers;
pub use s3::S3Options;

/// Options that the commands with a data folder share. Environment names are those of the specification where it has one.
#[derive(Args, Debug, Clone, Default)]
pub struct Options {
    /// Folder for everything that the embedded defaults keep.
    #[arg(long, env = "BRIGHTRUN_DATA_DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// Configuration file in TOML; `brightrun.toml` in the data folder where it exists.
    #[arg(long, env = "BRIGHTRUN_CONFIG", global = true)]
    pub config: Option<PathBuf>,
    /// Address and port of the server; port 0 picks a free one.
    #[arg(long, env = "BRIGHTRUN_LISTEN", global = true)]
    pub listen: Option<SocketAddr>,
    /// Database: `sqlite://…` or `postgres://…`; unset means a file in the data folder.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,
    /// Redis, `redis://…` or `rediss://…`, where several processes serve one database; unset means that each counts limits for itself.
    #[arg(long, env = "REDIS_URL", hide_env_values = true, global = true)]
    pub redis_url: Option<String>,
    /// Address under which browsers and trainers reach the server; unset means the listener's own.
    #[arg(long, env = "APP_URL", global = true)]
    pub app_url: Option<String>,
    /// Secret for sessions and signed URLs, at least 32 characters; unset means one made and kept in the data folder.
    #[arg(long, env = "AUTH_SECRET", hide_env_values = true, global = true)]
    pub auth_secret: Option<String>,
    /// Who may sign up: `open`, `invite` or `closed`. The first account can always be made.
    #[arg(long, env = "BRIGHTRUN_SIGNUP", global = true)]
    pub signup: Option<String>,
    /// Trainable examples that a data set needs at least.
    #[arg(long, env = "BRIGHTRUN_MIN_TRAINABLE_EXAMPLES", global = true)]
    pub min_trainable_examples: Option<u64>,
    /// Training runs on this machine at once.
    #[arg(long, env = "BRIGHTRUN_LOCAL_RUNS", global = true)]
    pub local_runs: Option<u32>,
    /// Minutes after which a run of which nothing is heard is taken for lost.
    #[arg(long, env = "BRIGHTRUN_SILENT_MINUTES", global = true)]
    pub silent_minutes: Option<u32>,
    /// Minutes after which a job that waits for a place is warned of.
    #[arg(long, env = "BRIGHTRUN_QUEUE_WARNING_MINUTES", global = true)]
    pub queue_warning_minutes: Option<u32>,
    /// Requests a minute: logins an address, writes and reads an account, as `10,120,1200`.
    #[arg(long, env = "BRIGHTRUN_RATE_LIMITS", global = true)]
    pub rate_limits: Option<String>,
    /// Proxies whose `X-Forwarded-For` is believed, as addresses and networks such as `127.0.0.1,10.0.0.0/8`; unset means none.
    #[arg(long, env = "BRIGHTRUN_TRUSTED_PROXIES", global = true)]
    pub trusted_proxies: Option<String>,
    /// Bearer token for `/metrics`, at least 16 characters; unset means that only programs on this machine may read it.
    #[arg(long, env = "BRIGHTRUN_METRICS_TOKEN", hide_env_values = true, global = true)]
    pub metrics_token: Option<String>,
    #[command(flatten)]
    pub s3: S3Options,
    #[command(flatten)]
    pub cluster: ClusterOptions,
    #[command(flatten)]
    pub mail: MailOptions,
    #[command(flatten)]
    pub models: ModelOptions,
}

/// The same keys in the file.
#[derive(Deserialize, Debug, Default)]
#[serde(deny_unknown_fields)]
struct FileOptions {
    listen: Option<SocketAddr>,
    database_url: Option<String>,
    redis_url: Option<String>,
    app_url: Option<String>,
    auth_secret: Option<String>,
    signup: Option<String>,
    min_trainable_examples: Option<u64>,
    local_runs: Option<u32>,
    silent_minutes: Option<u32>,
    queue_warning_minutes: Option<u32>,
    rate_limits: Option<String>,
    gpu_cluster_api_url: Option<String>,
    gpu_cluster_api_key: Option<String>,
    cluster_lost_after: Option<u64>,
    node_instance_types: Option<String>,
    smtp_url: Option<String>,
    smtp_host: Option<String>,
    smtp_port: Option<u16>,
    smtp_user: Option<String>,
    smtp_password: Option<String>,
    smtp_from: Option<String>,
    smtp_ca_file: Option<PathBuf>,
    webhooks_allow_private: Option<bool>,
    trusted_proxies: Option<String>,
    metrics_token: Option<String>,
    s3_bucket_name: Option<String>,
    s3_endpoint: Option<String>,
    s3_public_endpoint: Option<String>,
    s3_path_style: Option<bool>,
    aws_region: Option<String>,
    aws_access_key_id: Option<String>,
    aws_secret_access_key: Option<String>,
    models_dir: Option<PathBuf>,
    hf_endpoint: Option<String>,
    hf_token: Option<String>,
    hf_hub_offline: Option<bool>,
    #[serde(default)]
    base_models: Vec<ModelEntry>,
    #[serde(default)]
    tiers: BTreeMap<String, offers::TierEntry>,
    #[serde(default)]
    instances: BTreeMap<String, offers::InstanceEntry>,
}

impl FileOptions {
    fn models(&self) -> models::ModelFileOptions {
        models::ModelFileOptions {
            models_dir: self.models_dir.clone(),
            hf_endpoint: self.hf_endpoint.clone(),
            hf_token: self.hf_token.clone(),
            hf_hub_offline: self.hf_hub_offline,
            base_models: self.base_models.clone(),
        }
    }

    fn cluster(&self) -> ClusterOptions {
        ClusterOptions {
            gpu_cluster_api_url: self.gpu_cluster_api_url.clone(),
            gpu_cluster_api_key: self.gpu_cluster_api_key.clone(),
            cluster_lost_after: self.cluster_lost_after,
            node_instance_types: self.node_instance_types.clone(),
        }
    }

    fn mail(&self) -> MailOptions {
        MailOptions {
            smtp_url: self.smtp_url.clone(),
            smtp_host: self.smtp_host.clone(),
            smtp_port: self.smtp_port,
            smtp_user: self.smtp_user.clone(),
            smtp_password: self.smtp_password.clone(),
            smtp_from: self.smtp_from.clone(),
            smtp_ca_file: self.smtp_ca_file.clone(),
            webhooks_allow_private: self.webhooks_allow_private,
        }
    }

    fn s3(&self) -> S3Options {
        S3Options {
            s3_bucket_name: self.s3_bucket_name.clone(),
            s3_endpoint: self.s3_endpoint.clone(),
            s3_public_endpoint: self.s3_public_endpoint.clone(),
            s3_path_style: self.s3_path_style,
            aws_region: self.aws_region.clone(),
            aws_access_key_id: self.aws_access_key_id.clone(),
            aws_secret_access_key: self.aws_secret_access_key.clone(),
        }
    }
}

/// The values in force.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folder for everything that the embedded defaults keep.
    pub data_dir: PathBuf,
    /// Address of the listener.
    pub listen: SocketAddr,
    /// Database.
    pub database_url: String,
    /// Redis, where set.
    pub redis_url: Option<String>,
    /// Address for browsers and trainers, where set.
    pub app_url: Option<String>,
    /// Secret for sessions and signed URLs.
    pub auth_secret: Vec<u8>,
    /// Who may sign up.
    pub signup: app::SignupMode,
    /// Trainable examples that a data set needs at least.
    pub min_trainable_examples: u64,
    /// Training runs on this machine at once.
    pub local_runs: u32,
    /// When something that takes long is taken for a fault.
    pub watch: app::Watch,
    /// Requests a minute: logins an address, writes and reads an account.
    pub rate_limits: [u32; 3],
    /// Proxies whose word on a client's address counts.
    pub trusted_proxies: api::TrustedProxies,
    /// Bearer token for `/metrics`.
    pub metrics_token: Option<String>,
    /// The bucket for objects, where set.
    pub s3: Option<blob::S3Config>,
    /// The GPU cluster, where training does not run on this machine.
    pub cluster: ClusterSettings,
    /// The mail server, where set.
    pub smtp: Option<mail::SmtpSettings>,
    /// Whether webhooks may point into private networks.
    pub webhooks_allow_private: bool,
    /// Where base models come from.
    pub models: ModelSettings,
    /// What tiers allow and machines cost.
    pub offers: Offers,
    /// For `config show`: name, value with secrets redacted, source.
    pub shown: Vec<(&'static str, String, &'static str)>,
}

/// Where a value came from, by name of the option.
pub type Sources = BTreeMap<String, &'static str>;

struct Picker<'a> {
    sources: &'a Sources,
    shown: Vec<(&'static str, String, &'static str)>,
}

impl Picker<'_> {
    fn pick<T: Clone>(&mut self, name: &'static str, given: &Option<T>, file: Option<T>, default: T, show: impl Fn(&T) -> String) -> T {
        let (value, source) = match (given, file) {
            (Some(value), _) => (value.clone(), self.sources.get(name).copied().unwrap_or("flag")),
            (None, Some(value)) => (value, "file"),
            (None, None) => (default, "default"),
        };
        self.shown.push((name, show(&value), source));
        value
    }

    /// A text that may be unset. Empty counts as that: it is how many ways of deploying say so. A secret is not shown.
    fn text(&mut self, name: &'static str, given: &Option<String>, file: Option<String>, secret: bool) -> Option<String> {
        let said = |text: Option<String>| text.filter(|v| !v.trim().is_empty()).map(Some);
        self.pick(name, &said(given.clone()), said(file), None, |value: &Option<String>| match value {
            None => "(not set)".to_owned(),
            Some(_) if secret => "(redacted)".to_owned(),
            Some(value) => value.clone(),
        })
    }
}

impl Settings {
    /// Puts the values together and makes the data folder.
    pub fn load(options: &Options, sources: &Sources) -> Result<Self> {
        let mut picker = Picker { sources, shown: Vec::new() };
        let data_dir =
            picker.pick("data_dir", &options.data_dir, None, PathBuf::from("brightrun-data"), |p: &PathBuf| p.display().to_string());
        fs::create_dir_all(&data_dir).with_context(|| format!("cannot make the data folder {}", data_dir.display()))?;
        let data_dir = data_dir.canonicalize().with_context(|| format!("cannot open the data folder {}", data_dir.display()))?;
        let file = read_file(options.config.as_deref(), &data_dir)?;
        let (file_s3, file_cluster, file_mail, file_models) = (file.s3(), file.cluster(), file.mail(), file.models());
        let text = |s: &String| s.clone();
        let optional = |s: &Option<String>| s.clone().unwrap_or_else(|| "(not set)".to_owned());
        let listen = picker.pick("listen", &options.listen, file.listen, SocketAddr::from(([127, 0, 0, 1], 3000)), ToString::to_string);
        let sqlite = format!("sqlite://{}?mode=rwc", data_dir.join("brightrun.db").display());
        let database_url = picker.pick("database_url", &options.database_url, file.database_url, sqlite, |u| redact_url(u));
        let redis_url = picker.text("redis_url", &options.redis_url, file.redis_url, true);
        let app_url = picker.pick("app_url", &options.app_url.clone().map(Some), file.app_url.map(Some), None, optional);
        let secret = picker.pick("auth_secret", &options.auth_secret.clone().map(Some), file.auth_secret.map(Some), None, |s| {
            if s.is_some() { "(redacted)" } else { "(kept in the data folder)" }.to_owned()
        });
        let signup = picker.pick("signup", &options.signup, file.signup, "open".to_owned(), text);
        let min_trainable_examples =
            picker.pick("min_trainable_examples", &options.min_trainable_examples, file.min_trainable_examples, 10, ToString::to_string);
        let local_runs = picker.pick("local_runs", &options.local_runs, file.local_runs, 1, ToString::to_string);
        let silent = picker.pick("silent_minutes", &options.silent_minutes, file.silent_minutes, 60, ToString::to_string);
        let waiting =
            picker.pick("queue_warning_minutes", &options.queue_warning_minutes, file.queue_warning_minutes, 60, ToString::to_string);
        let minutes = |n: u32| chrono::Duration::minutes(i64::from(n.max(1)));
        let rates = picker.pick("rate_limits", &options.rate_limits, file.rate_limits, "10,120,1200".to_owned(), text);
        let proxies = picker.pick("trusted_proxies", &options.trusted_proxies, file.trusted_proxies, String::new(), text);
        let metrics_token =
            picker.pick("metrics_token", &options.metrics_token.clone().map(Some), file.metrics_token.map(Some), None, |token| {
                if token.is_some() { "(redacted)" } else { "(not set)" }.to_owned()
            });
        let s3 = s3::pick(&mut picker, &options.s3, file_s3)?;
        let (smtp, webhooks_allow_private) = mail::pick(&mut picker, &options.mail, file_mail)?;
        let cluster = cluster::pick(&mut picker, &options.cluster, file_cluster)?;
        let models = models::pick(&mut picker, &options.models, file_models, &data_dir)?;
        let offers = offers::pick(&mut picker, file.tiers, file.instances)?;
        let auth_secret = match secret {
            Some(secret) if secret.len() >= 32 => secret.into_bytes(),
            Some(_) => bail!("AUTH_SECRET is shorter than 32 characters; make one with `openssl rand -hex 32`"),
            None => kept_secret(&data_dir.join("auth-secret"))?,
        };
        Ok(Self {
            data_dir,
            listen,
            database_url,
            redis_url,
            app_url: app_url.map(|u| u.trim_end_matches('/').to_owned()),
            auth_secret,
            signup: match signup.as_str() {
                "open" => app::SignupMode::Open,
                "invite" => app::SignupMode::Invite,
                "closed" => app::SignupMode::Closed,
                other => bail!("signup is '{other}'; it must be `open`, `invite` or `closed`"),
            },
            min_trainable_examples,
            local_runs,
            watch: app::Watch { silent_after: minutes(silent), queue_warning_after: minutes(waiting) },
            rate_limits: parse_rates(&rates)?,
            trusted_proxies: api::TrustedProxies::parse(&proxies)
                .map_err(|part| anyhow::anyhow!("trusted_proxies has '{part}', which is no address or network such as `10.0.0.0/8`"))?,
            metrics_token: match metrics_token {
                Some(token) if token.len() < 16 => bail!("BRIGHTRUN_METRICS_TOKEN is shorter than 16 characters"),
                token => token,
            },
            s3,
            cluster,
            smtp,
            webhooks_allow_private,
            models,
            offers,
            shown: picker.shown,
        })
    }
}

fn parse_rates(text: &str) -> Result<[u32; 3]> {
    let parts: Vec<u32> = text.split(',').map(|p| p.trim().parse()).collect::<Result<_, _>>().unwrap_or_default();
    parts.try_into().map_err(|_| anyhow::anyhow!("rate_limits is '{text}'; it must be three numbers such as `10,120,1200`"))
}

fn read_file(given: Option<&Path>, data_dir: &Path) -> Result<FileOptions> {
    let path = given.map_or_else(|| data_dir.join("brightrun.toml"), Path::to_path_buf);
    if given.is_none() && !path.exists() {
        return Ok(FileOptions::default());
    }
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read the configuration file {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("the configuration file {} is not valid", path.display()))
}

/// The part of a database URL that may be shown: everything but the password.
fn redact_url(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            let user = url[scheme + 3..at].split(':').next().unwrap_or_default();
            format!("{}{user}:(redacted){}", &url[..scheme + 3], &url[at..])
        }
        _ => url.to_owned(),
    }
}

/// The secret in `path`, made on the first start and readable by the owner only.
fn kept_secret(path: &Path) -> Result<Vec<u8>> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    if !path.exists() {
        let secret = hex::encode(rand::random::<[u8; 32]>());
        let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        match made {
            Ok(mut file) => {
                file.write_all(secret.as_bytes())
                    .and_then(|()| file.sync_all())
                    .with_context(|| format!("cannot write {}", path.display()))?;
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e).with_context(|| format!("cannot make {}", path.display())),
        }
    }
    let secret = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if secret.len() < 32 {
        bail!("{} holds fewer than 32 characters; delete it to have a new one made (all sessions end)", path.display());
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_secrets_stay_hidden() {
        let dir = tempfile::tempdir().expect("folder");
        fs::write(dir.path().join("brightrun.toml"), "listen = \"127.0.0.1:4000\"\nsignup = \"closed\"\n").expect("write");
        let options = Options {
            data_dir: Some(dir.path().to_owned()),
            signup: Some("open".into()),
            database_url: Some("postgres://me:secret@db/x".into()),
            ..Options::default()
        };
        let settings = Settings::load(&options, &Sources::new()).expect("loads");
        assert_eq!(settings.listen.port(), 4000);
        assert_eq!(settings.signup, app::SignupMode::Open);
        let shown = format!("{:?}", settings.shown);
        assert!(!shown.contains("secret@") && shown.contains("postgres://me:(redacted)@db/x"), "{shown}");
        let again = Settings::load(&options, &Sources::new()).expect("loads");
        assert_eq!(again.auth_secret, settings.auth_secret);
    }

    #[test]
    fn an_unknown_key_in_the_file_is_refused() {
        let dir = tempfile::tempdir().expect("folder");
        fs::write(dir.path().join("brightrun.toml"), "listn = \"127.0.0.1:4000\"\n").expect("write");
        let options = Options { data_dir: Some(dir.path().to_owned()), ..Options::default() };
        let error = format!("{:#}", Settings::load(&options, &Sources::new()).expect_err("refused"));
        assert!(error.contains("listn"), "{error}");
    }
}
