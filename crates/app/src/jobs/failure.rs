//! Why an attempt failed, in words for the owner, and whether another attempt is worth making.

use cluster::{ClusterError, Exit};
use domain::redact::addresses;

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Stable code.
    pub code: String,
    /// What happened, to what, and what to do.
    pub message: String,
    /// The trainer's last lines, where there are any.
    pub detail: Option<String>,
    /// Whether the same attempt could succeed without anybody changing anything.
    pub transient: bool,
    /// Whether a retry by the owner could succeed, perhaps after a change outside.
    pub can_retry: bool,
}

/// Codes that no retry mends, since it would run the same settings on the same data.
const HOPELESS: [&str; 6] = [
    "no_trainable_examples",
    "dataset_unreadable",
    "invalid_config",
    "no_chat_template",
    "chat_template_rewrites_turns",
    "invalid_artifacts",
];

impl Failure {
    /// A failure with its code and message, which is shown without the signatures of addresses in it.
    pub fn new(code: &str, message: impl Into<String>, transient: bool) -> Self {
        let can_retry = !HOPELESS.contains(&code);
        Self { code: code.to_owned(), message: addresses(&message.into()), detail: None, transient, can_retry }
    }

    /// What the trainer itself reported.
    pub fn reported(code: &str, message: &str, transient: bool) -> Self {
        Self::new(code, message, transient)
    }

    /// A trainer that ended without a word, from how it ended and what it wrote last.
    pub fn from_exit(exit: Exit, last_lines: &[String]) -> Self {
        let said = |text: &str| last_lines.iter().any(|line| line.contains(text));
        let failure = if said("No space left on device") {
            Self::new("disk_full", "The disk of the training machine is full. Free some space, then retry the job.", false)
        } else if said("memory allocation of") {
            let advice = "Retry when other programs have ended, or make a job with a smaller batch size or sequence length.";
            Self::new("out_of_memory", format!("The trainer ran out of memory. {advice}"), false)
        } else if exit.signal.is_some() {
            let advice = "If it keeps happening, make a job with a smaller batch size or sequence length.";
            Self::new("trainer_killed", format!("The trainer was {exit}. {advice}"), true)
        } else {
            let advice = "The log shows its last lines; retry the job, and report it if it stays.";
            Self::new("trainer_died", format!("The trainer ended without a result ({exit}). {advice}"), false)
        };
        failure.with_detail(last_lines)
    }

    /// A run that is gone without anybody having seen its end.
    pub fn lost(last_lines: &[String]) -> Self {
        Self::new("run_lost", "The training process is gone, and nobody saw how it ended.", true).with_detail(last_lines)
    }

    /// A run of which nothing was heard for so long.
    pub fn silent(limit: chrono::Duration) -> Self {
        let message = format!("Nothing was heard of the training process for {} minutes, so it is taken for lost.", limit.num_minutes());
        Self::new("run_silent", message, true)
    }

    /// A cluster that could not do what was asked.
    pub fn from_cluster(error: &ClusterError) -> Self {
        let mut message = format!("The cluster could not run the job: {error}");
        if let Some(cause) = std::error::Error::source(error) {
            message.push_str(&format!(" ({cause})"));
        }
        message.push('.');
        Self::new("cluster_error", message, error.is_transient())
    }

    /// Adapter files that are not what was asked for.
    pub fn artifacts(what: &str) -> Self {
        Self::new("invalid_artifacts", format!("The adapter that training left cannot be used: {what}."), false)
    }

    fn with_detail(mut self, last_lines: &[String]) -> Self {
        self.detail = (!last_lines.is_empty()).then(|| addresses(&last_lines.join("\n")));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_apart_by_its_signal_and_last_words() {
        let exit = |code, signal| Exit { code, signal };
        let lines = |text: &str| vec![text.to_owned()];
        let killed = Failure::from_exit(exit(None, Some(9)), &[]);
        assert!(killed.transient && killed.message.contains("out of memory") && killed.code == "trainer_killed");
        let memory = Failure::from_exit(exit(None, Some(6)), &lines("memory allocation of 400 bytes failed"));
        assert!(!memory.transient && memory.can_retry && memory.code == "out_of_memory" && memory.detail.is_some());
        assert_eq!(Failure::from_exit(exit(Some(1), None), &lines("x: No space left on device (os error 28)")).code, "disk_full");
        let died = Failure::from_exit(exit(Some(101), None), &[]);
        assert!(!died.transient && died.message.contains("exit code 101"));
        assert!(!Failure::reported("no_trainable_examples", "none", false).can_retry);
    }
}
