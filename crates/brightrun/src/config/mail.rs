//! The settings of what is sent out: mail and webhooks.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::Picker;

/// Through what notifications leave the server.
#[derive(Args, Debug, Clone, Default)]
pub struct MailOptions {
    /// Mail server, as `smtps://user:password@host:465`, `smtp://…:587?tls=required` or `smtp://localhost:25`; unset means that mail goes to the log.
    #[arg(long, env = "SMTP_URL", hide_env_values = true, global = true)]
    pub smtp_url: Option<String>,
    /// The mail server's name, instead of an address in `SMTP_URL`.
    #[arg(long, env = "SMTP_HOST", global = true)]
    pub smtp_host: Option<String>,
    /// Its port: 465 means TLS from the beginning, 25 on this machine none, any other STARTTLS. 587 where nothing is said.
    #[arg(long, env = "SMTP_PORT", global = true)]
    pub smtp_port: Option<u16>,
    /// User at the mail server.
    #[arg(long, env = "SMTP_USER", global = true)]
    pub smtp_user: Option<String>,
    /// Password of the user.
    #[arg(long, env = "SMTP_PASSWORD", hide_env_values = true, global = true)]
    pub smtp_password: Option<String>,
    /// Sender of mail, such as `BrightRun <mail@example.org>`.
    #[arg(long, env = "SMTP_FROM", global = true)]
    pub smtp_from: Option<String>,
    /// File with the certificate, as PEM, of the authority that the mail server's is from, where the machine does not know it.
    #[arg(long, env = "SMTP_CA_FILE", global = true)]
    pub smtp_ca_file: Option<PathBuf>,
    /// Whether webhooks may point into private networks and be without TLS. Only where every account is trusted.
    #[arg(long, env = "BRIGHTRUN_WEBHOOKS_ALLOW_PRIVATE", global = true)]
    pub webhooks_allow_private: Option<bool>,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpSettings {
    /// Address with the password.
    pub url: String,
    /// Sender.
    pub from: String,
    /// Certificates of an authority that is believed too, as PEM.
    pub authority: Option<Vec<u8>>,
}

/// The mail server, where one is named, and whether webhooks may point into private networks.
pub(super) fn pick(picker: &mut Picker<'_>, given: &MailOptions, file: MailOptions) -> Result<(Option<SmtpSettings>, bool)> {
    let url = picker.text("smtp_url", &given.smtp_url, file.smtp_url, true);
    let host = picker.text("smtp_host", &given.smtp_host, file.smtp_host, false);
    let user = picker.text("smtp_user", &given.smtp_user, file.smtp_user, false);
    let password = picker.text("smtp_password", &given.smtp_password, file.smtp_password, true);
    let from = picker.text("smtp_from", &given.smtp_from, file.smtp_from, false);
    let port = picker.pick("smtp_port", &given.smtp_port, file.smtp_port, 587, ToString::to_string);
    let authority = picker.pick("smtp_ca_file", &given.smtp_ca_file.clone().map(Some), file.smtp_ca_file.map(Some), None, |path| {
        path.as_ref().map_or_else(|| "(not set)".to_owned(), |path: &PathBuf| path.display().to_string())
    });
    let private =
        picker.pick("webhooks_allow_private", &given.webhooks_allow_private, file.webhooks_allow_private, false, ToString::to_string);
    let url = match (url, host) {
        (Some(_), Some(_)) => bail!("SMTP_URL and SMTP_HOST are both set: unset one of them"),
        (Some(url), None) => url,
        (None, Some(host)) => url_of(&host, port, user.as_deref(), password.as_deref()),
        (None, None) => return Ok((None, private)),
    };
    let Some(from) = from else {
        bail!("a mail server is set, so SMTP_FROM must be set too: the sender of mail, such as `BrightRun <mail@example.org>`")
    };
    let read = |path: PathBuf| std::fs::read(&path).with_context(|| format!("cannot read SMTP_CA_FILE, {}", path.display()));
    Ok((Some(SmtpSettings { url, from, authority: authority.map(read).transpose()? }), private))
}

fn url_of(host: &str, port: u16, user: Option<&str>, password: Option<&str>) -> String {
    let encoded = |text: &str| {
        text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect::<String>()
    };
    let login = match (user, password) {
        (Some(user), Some(password)) => format!("{}:{}@", encoded(user), encoded(password)),
        (Some(user), None) => format!("{}@", encoded(user)),
        (None, _) => String::new(),
    };
    match port {
        465 => format!("smtps://{login}{host}:{port}"),
        25 if matches!(host, "localhost" | "127.0.0.1" | "::1") => format!("smtp://{login}{host}:{port}"),
        _ => format!("smtp://{login}{host}:{port}?tls=required"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Options, Settings, Sources};

    fn load(change: impl FnOnce(&mut MailOptions)) -> Result<Settings> {
        let dir = tempfile::tempdir().expect("folder");
        let mut options = Options { data_dir: Some(dir.path().to_owned()), ..Options::default() };
        change(&mut options.mail);
        Settings::load(&options, &Sources::new())
    }

    #[tokio::test]
    async fn a_mail_server_is_whole_and_its_password_stays_hidden() {
        assert_eq!(load(|_| {}).expect("loads").smtp, None);
        let settings = load(|mail| {
            mail.smtp_host = Some("mail.example.org".into());
            mail.smtp_user = Some("me@example.org".into());
            mail.smtp_password = Some("p@ss:w/rd".into());
            mail.smtp_from = Some("BrightRun <mail@example.org>".into());
        });
        let settings = settings.expect("loads");
        assert!(!format!("{:?}", settings.shown).contains("p@ss"));
        let smtp = settings.smtp.expect("set");
        assert_eq!(smtp.url, "smtp://me%40example%2Eorg:p%40ss%3Aw%2Frd@mail.example.org:587?tls=required");
        assert!(app::mail::SmtpMailer::new(&smtp.url, &smtp.from).is_ok());
        assert!(load(|mail| mail.smtp_url = Some("smtp://localhost".into())).expect_err("no sender").to_string().contains("SMTP_FROM"));
        assert!(!settings.webhooks_allow_private);
        let missing = load(|mail| {
            mail.smtp_url = Some("smtps://mail.example.org".into());
            mail.smtp_from = Some("mail@example.org".into());
            mail.smtp_ca_file = Some("/nowhere/ca.pem".into());
        });
        assert!(missing.expect_err("no such file").to_string().contains("SMTP_CA_FILE"));
    }
}
