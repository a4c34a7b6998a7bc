//! The settings of an S3 bucket.

use anyhow::{Context, Result, bail};
use blob::S3Config;
use clap::Args;

use super::Picker;

/// Where objects are kept, when not in the data folder.
#[derive(Args, Debug, Clone, Default)]
pub struct S3Options {
    /// S3 bucket for files; unset means a folder in the data folder.
    #[arg(long, env = "S3_BUCKET_NAME", global = true)]
    pub s3_bucket_name: Option<String>,
    /// Address of the S3 store, such as `https://storage.example.com`; unset means Amazon's.
    #[arg(long, env = "S3_ENDPOINT", global = true)]
    pub s3_endpoint: Option<String>,
    /// Address of the same store for browsers and trainers, where it is another one.
    #[arg(long, env = "S3_PUBLIC_ENDPOINT", global = true)]
    pub s3_public_endpoint: Option<String>,
    /// Whether the bucket is named in the path rather than in the host; unset means so where `S3_ENDPOINT` is set.
    #[arg(long, env = "S3_FORCE_PATH_STYLE", global = true)]
    pub s3_path_style: Option<bool>,
    /// Region of the bucket.
    #[arg(long, env = "AWS_REGION", global = true)]
    pub aws_region: Option<String>,
    /// Access key of the bucket.
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true, global = true)]
    pub aws_access_key_id: Option<String>,
    /// Secret of the access key.
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true, global = true)]
    pub aws_secret_access_key: Option<String>,
}

/// The bucket, where one is named.
pub(super) fn pick(picker: &mut Picker<'_>, given: &S3Options, file: S3Options) -> Result<Option<S3Config>> {
    let bucket = picker.text("s3_bucket_name", &given.s3_bucket_name, file.s3_bucket_name, false);
    let endpoint = picker.text("s3_endpoint", &given.s3_endpoint, file.s3_endpoint, false);
    let public_endpoint = picker.text("s3_public_endpoint", &given.s3_public_endpoint, file.s3_public_endpoint, false);
    let region = picker.text("aws_region", &given.aws_region, file.aws_region, false).unwrap_or_else(|| "us-east-1".to_owned());
    let access_key_id = picker.text("aws_access_key_id", &given.aws_access_key_id, file.aws_access_key_id, true);
    let secret_access_key = picker.text("aws_secret_access_key", &given.aws_secret_access_key, file.aws_secret_access_key, true);
    let path_style = picker.pick("s3_path_style", &given.s3_path_style, file.s3_path_style, endpoint.is_some(), ToString::to_string);
    let Some(bucket) = bucket else {
        if endpoint.is_some() {
            bail!("S3_ENDPOINT is set but S3_BUCKET_NAME is not: name the bucket, or unset both to keep files in the data folder");
        }
        return Ok(None);
    };
    let needs = |name: &str| format!("S3_BUCKET_NAME is set, so {name} must be set too");
    Ok(Some(S3Config {
        access_key_id: access_key_id.with_context(|| needs("AWS_ACCESS_KEY_ID"))?,
        secret_access_key: secret_access_key.with_context(|| needs("AWS_SECRET_ACCESS_KEY"))?,
        bucket,
        region,
        endpoint,
        public_endpoint,
        path_style,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Options, Settings, Sources};

    fn load(change: impl FnOnce(&mut S3Options)) -> Result<Settings> {
        let dir = tempfile::tempdir().expect("folder");
        let mut options = Options { data_dir: Some(dir.path().to_owned()), ..Options::default() };
        change(&mut options.s3);
        Settings::load(&options, &Sources::new())
    }

    #[test]
    fn a_bucket_is_whole_and_its_keys_stay_hidden() {
        assert!(load(|_| {}).expect("loads").s3.is_none(), "the local folder");
        let whole = |s3: &mut S3Options| {
            s3.s3_bucket_name = Some("things".into());
            s3.s3_endpoint = Some("http://storage:9000".into());
            s3.aws_access_key_id = Some("AKIDENTITY".into());
            s3.aws_secret_access_key = Some("s3cret".into());
        };
        let settings = load(whole).expect("loads");
        let shown = format!("{:?}", settings.shown);
        assert!(!shown.contains("s3cret") && !shown.contains("AKIDENTITY") && shown.contains("http://storage:9000"), "{shown}");
        let s3 = settings.s3.expect("a bucket");
        assert!(s3.path_style && s3.region == "us-east-1" && s3.bucket == "things");
        let error = |change: fn(&mut S3Options)| {
            let all = |s3: &mut S3Options| {
                whole(s3);
                change(s3);
            };
            load(all).expect_err("refused").to_string()
        };
        assert!(error(|s3| s3.aws_secret_access_key = Some(" ".into())).contains("AWS_SECRET_ACCESS_KEY"));
        assert!(error(|s3| s3.aws_access_key_id = None).contains("AWS_ACCESS_KEY_ID"));
        assert!(error(|s3| s3.s3_bucket_name = None).contains("S3_BUCKET_NAME"));
    }
}
