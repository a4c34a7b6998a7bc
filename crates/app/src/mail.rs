//! Mail: what is sent, and through what.
//!
//! A mail may carry a secret (a link that resets a password), so nothing here keeps or logs its text, but for [`LogMailer`] at the level
//! that an operator has to ask for.

pub mod outbox;
mod smtp;

pub use smtp::SmtpMailer;

use domain::Error;

/// A mail, ready to be sent. Made by [`Mail::letter`], so that both texts say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Address of the receiver.
    pub to: String,
    /// Subject, one line.
    pub subject: String,
    /// The text for programs that show no HTML.
    pub text: String,
    /// The same as an HTML document.
    pub html: String,
}

/// What a mail asks its reader to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it does, such as `Choose a new password`.
    pub label: String,
    /// Absolute address.
    pub url: String,
}

impl Mail {
    /// A mail of plain paragraphs, with a link after the first one where there is one. Texts are escaped for HTML.
    pub fn letter(to: &str, subject: &str, paragraphs: &[&str], link: Option<&Link>) -> Self {
        // A line break would begin another header.
        let subject: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut text = String::new();
        let mut body = String::new();
        for (index, paragraph) in paragraphs.iter().enumerate() {
            text.push_str(&format!("{paragraph}\n\n"));
            body.push_str(&format!("<p>{}</p>\n", escaped(paragraph)));
            if let (0, Some(link)) = (index, link) {
                text.push_str(&format!("{}:\n{}\n\n", link.label, link.url));
                body.push_str(&format!("<p><a href=\"{}\">{}</a></p>\n", escaped(&link.url), escaped(&link.label)));
            }
        }
        let html = format!(
            "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n{body}</body></html>\n",
            escaped(&subject)
        );
        Self { to: to.to_owned(), subject, text: format!("{}\n", text.trim_end()), html }
    }
}

/// The text between tags or in an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// A mail that was not sent.
#[derive(Debug, thiserror::Error)]
#[error("the mail was not sent: {reason}")]
pub struct MailError {
    /// Why, and what to do; without the mail's text.
    pub reason: String,
    /// Whether the same mail may be accepted later.
    pub transient: bool,
}

impl From<MailError> for Error {
    fn from(error: MailError) -> Self {
        if error.transient { Self::unavailable("Mail cannot be sent now; try again later.", error) } else { Self::internal(error) }
    }
}

/// Sends mail: through an SMTP server, or, where none is set, into the log.
#[async_trait::async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a mail over.
    ///
    /// # Errors
    /// When it was not accepted.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;

    /// Whether mail reaches anybody.
    fn delivers(&self) -> bool {
        true
    }
}

/// The embedded default: receiver and subject go to the log at `info`. The text, which may hold a secret, is logged at `debug` only: an
/// operator without an SMTP server who needs a link asks for it with `BRIGHTRUN_LOG=info,app::mail=debug`.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogMailer;

#[async_trait::async_trait]
impl Mailer for LogMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        tracing::info!(to = mail.to, subject = mail.subject, "no mail server is set, so this mail stays here; its text is logged at debug");
        tracing::debug!(to = mail.to, "{}", mail.text);
        Ok(())
    }

    fn delivers(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_texts_say_the_same_and_html_is_escaped() {
        let link = Link { label: "Open".to_owned(), url: "https://x.example/a?b=1&c=2".to_owned() };
        let mail = Mail::letter("ada@example.org", "Hello\r\nBcc: eve@example.org", &["Dear <Ada>,", "bye"], Some(&link));
        assert_eq!(mail.subject, "Hello  Bcc: eve@example.org");
        assert_eq!(mail.text, "Dear <Ada>,\n\nOpen:\nhttps://x.example/a?b=1&c=2\n\nbye\n");
        assert!(mail.html.contains("<p>Dear &lt;Ada&gt;,</p>\n<p><a href=\"https://x.example/a?b=1&amp;c=2\">Open</a></p>\n<p>bye</p>"));
    }
}
