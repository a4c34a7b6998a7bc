//! Mail through an SMTP server.

use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
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
        let from = from.parse().map_err(|error| format!("the sender of mail is '{from}', which is no address: {error}"))?;
        // The error would repeat the address, and with it the password.
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        let builder = builder.map_err(|_| "the SMTP address cannot be read; write it as smtps://user:password@host:465".to_owned())?;
        Ok(Self { transport: builder.timeout(Some(TIMEOUT)).build(), from })
    }
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
    let mut reason = format!("the mail server did not take it: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        reason.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    // A server that cannot be reached may be there again later.
    MailError { reason, transient: !error.is_permanent() && !error.is_client() }
}
