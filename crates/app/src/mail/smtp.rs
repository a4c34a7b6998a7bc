//! Mail through an SMTP server.

use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::{Mail, MailError, Mailer};

/// How long the server may take for a command.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Hands mail to an SMTP server, over connections that are kept for a while.
#[derive(Debug, Clone)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    /// Over the server at `url`: `smtps://user:password@host:465` (TLS from the beginning), `smtp://…:587?tls=required` (STARTTLS), or
    /// `smtp://host:25` (plain, for a server on the same machine). Mail comes from `from`, such as `BrightRun <mail@example.org>`.
    ///
    /// # Errors
    /// Which of the two cannot be used, without the password.
    pub fn new(url: &str, from: &str) -> Result<Self, String> {
        Self::trusting(url, from, None)
    }

    /// The same, where the server's certificate may also be one of the authority whose certificates are in `authority`, as PEM.
    ///
    /// # Errors
    /// As [`Self::new`], or when that holds no certificate.
    pub fn trusting(url: &str, from: &str, authority: Option<&[u8]>) -> Result<Self, String> {
        let from = from.parse().map_err(|error| format!("the sender of mail is '{from}', which is no address: {error}"))?;
        // The error would repeat the address, and with it the password.
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        let builder = builder.map_err(|_| "the SMTP address cannot be read; write it as smtps://user:password@host:465".to_owned())?;
        let builder = match authority {
            Some(pem) => builder.tls(tls(url, pem)?),
            None => builder,
        };
        Ok(Self { transport: builder.timeout(Some(TIMEOUT)).build(), from })
    }
}

/// What the address says of TLS, with one more authority.
fn tls(url: &str, pem: &[u8]) -> Result<Tls, String> {
    let parsed = reqwest::Url::parse(url).map_err(|_| "the SMTP address cannot be read".to_owned())?;
    let unusable = |error: SmtpError| format!("the certificate of the mail server's authority cannot be used: {}", in_full(&error));
    let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    // A text without any is taken for an authority that vouches for nobody.
    if !String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE-----") {
        return Err("the file of the mail server's authority holds no certificate; it must be PEM".to_owned());
    }
    let certificate = Certificate::from_pem(pem).map_err(unusable)?;
    let parameters = TlsParameters::builder(host).add_root_certificate(certificate).build().map_err(unusable)?;
    let wish = parsed.query_pairs().find(|(name, _)| name == "tls").map(|(_, wish)| wish.into_owned());
    Ok(match (parsed.scheme(), wish.as_deref()) {
        ("smtps", _) => Tls::Wrapper(parameters),
        (_, Some("required")) => Tls::Required(parameters),
        (_, Some("opportunistic")) => Tls::Opportunistic(parameters),
        _ => Tls::None,
    })
}

#[async_trait::async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let unusable = |what: &str, error: &dyn std::error::Error| MailError { reason: format!("{what}: {error}"), transient: false };
        let to: Mailbox = mail.to.parse().map_err(|error| unusable("the receiver's address cannot be used", &error))?;
        let both = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
        let message = Message::builder().from(self.from.clone()).to(to).subject(&*mail.subject).message_id(None).multipart(both);
        let message = message.map_err(|error| unusable("it cannot be written", &error))?;
        self.transport.send(message).await.map(|_| ()).map_err(|error| refused(&error))
    }
}

fn refused(error: &SmtpError) -> MailError {
    // A server that cannot be reached may be there again later.
    let transient = !error.is_permanent() && !error.is_client();
    MailError { reason: format!("the mail server did not take it: {}", in_full(error)), transient }
}

/// An error with its causes.
fn in_full(error: &SmtpError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}
