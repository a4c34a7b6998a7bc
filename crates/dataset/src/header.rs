//! What a file says about itself, apart from its records.

use crate::lenient::{Lenient, filled};
use crate::record::{FileMeta, Profile};
use domain::dataset::DatasetFormat;

/// Gathered from `_meta`, the metadata objects and the consultant's profile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Header {
    /// Everything that may name a version, as written.
    versions: Vec<String>,
    pub(crate) declared_pairs: Option<u64>,
    pub(crate) declared_conversations: Option<u64>,
    /// The totals come from the `_meta` line of JSONL, whose exporter counts pairs that it leaves out.
    pub(crate) from_meta_line: bool,
    /// The file has `dataset_metadata`: an individual conversation of v4, or v3.
    pub(crate) individual: bool,
    pub(crate) vertical: Option<String>,
    pub(crate) consultant: Option<String>,
    pub(crate) quality: Option<f64>,
    pub(crate) human_reviewed: Option<f64>,
}

impl Header {
    pub(crate) fn file(&mut self, meta: &FileMeta, individual: bool) {
        self.individual |= individual;
        for text in [&meta.format_spec, &meta.schema_version, &meta.version] {
            self.versions.extend(filled(text).map(str::to_ascii_lowercase));
        }
        // Several documents in one file: their totals add up.
        add(&mut self.declared_pairs, count(&meta.total_training_pairs).or_else(|| count(&meta.total_pairs)));
        add(&mut self.declared_conversations, count(&meta.total_conversations));
        keep(&mut self.vertical, filled(&meta.vertical));
        keep(&mut self.consultant, filled(&meta.consultant_persona));
        if let Some(summary) = meta.quality_summary.get() {
            self.quality = summary.avg_quality_score.get().copied().filter(|score| (1.0..=5.0).contains(score));
            self.human_reviewed = summary.human_reviewed_percentage.get().copied().filter(|share| (0.0..=100.0).contains(share));
        }
    }

    pub(crate) fn profile(&mut self, profile: &Profile) {
        if let Some(name) = filled(&profile.name) {
            self.consultant = Some(name.to_owned());
        }
    }

    /// The version that the file names; none where it names none.
    pub(crate) fn declared_format(&self) -> Option<DatasetFormat> {
        let names = |digit: char| {
            self.versions
                .iter()
                .any(|text| text.starts_with(digit) || text.match_indices('v').any(|(at, _)| text[at + 1..].starts_with(digit)))
        };
        if names('4') || names('5') {
            Some(DatasetFormat::BrightrunLoraV4)
        } else if names('3') {
            Some(DatasetFormat::BrightrunLoraV3)
        } else {
            None
        }
    }

    /// Whether the file says that it is newer than what is known.
    pub(crate) fn newer(&self) -> bool {
        self.versions.iter().any(|text| text.starts_with('5') || text.contains("v5"))
    }

    /// Name and credentials: “Elena Morales, CFP” is split at its last comma.
    pub(crate) fn consultant_parts(&self) -> (Option<String>, Option<String>) {
        let Some(full) = self.consultant.as_deref() else { return (None, None) };
        match full.rsplit_once(',') {
            Some((name, title)) if !name.trim().is_empty() && !title.trim().is_empty() => {
                (Some(name.trim().to_owned()), Some(title.trim().to_owned()))
            }
            _ => (Some(full.trim_matches([' ', ',']).to_owned()), None),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a whole number in range")]
fn count(number: &Lenient<f64>) -> Option<u64> {
    let number = *number.get()?;
    ((0.0..1e15).contains(&number) && number.fract() == 0.0).then_some(number as u64)
}

fn add(total: &mut Option<u64>, more: Option<u64>) {
    if let Some(more) = more {
        *total = Some(total.unwrap_or(0) + more);
    }
}

fn keep(slot: &mut Option<String>, text: Option<&str>) {
    if slot.is_none() {
        *slot = text.map(str::to_owned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(json: &str) -> Header {
        let mut header = Header::default();
        header.file(&serde_json::from_str(json).unwrap(), false);
        header
    }

    #[test]
    fn versions() {
        let format = |json| header(json).declared_format();
        assert_eq!(format(r#"{"version":"4.0.0"}"#), Some(DatasetFormat::BrightrunLoraV4));
        assert_eq!(format(r#"{"format_spec":"brightrun-lora-v3","version":"1"}"#), Some(DatasetFormat::BrightrunLoraV3));
        assert_eq!(format(r#"{"schema_version":"emotional-v3.4.2"}"#), Some(DatasetFormat::BrightrunLoraV3));
        assert_eq!(format(r#"{"version":"1.0"}"#), None);
        assert!(header(r#"{"version":"5.0.0"}"#).newer());
    }

    #[test]
    fn consultants() {
        let parts = |name: &str| Header { consultant: Some(name.to_owned()), ..Header::default() }.consultant_parts();
        assert_eq!(parts("Elena Morales, CFP"), (Some("Elena Morales".into()), Some("CFP".into())));
        assert_eq!(parts("Morales, Elena, CFP"), (Some("Morales, Elena".into()), Some("CFP".into())));
        assert_eq!(parts("Elena"), (Some("Elena".into()), None));
        assert_eq!(parts("Elena,"), (Some("Elena".into()), None));
    }

    #[test]
    fn totals() {
        let header = header(r#"{"total_pairs":89,"total_conversations":"12","total_training_pairs":-1}"#);
        assert_eq!((header.declared_pairs, header.declared_conversations), (Some(89), None));
    }
}
