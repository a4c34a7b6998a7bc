//! Versions, fixes, conversations and exports of data sets.

use super::datasets::message;
use crate::dto::dataset_versions::{
    ChildVersion, ConversationList, DatasetConversation, ExportLoss, ExportReport, FixChange, FixCount, FixFigures, FixesPreview,
};
use app::datasets::{self, Conversation, ConversationPage, ConvertReport, FixReport, Version};
use domain::dataset::Message;

/// What fixes did, in numbers.
pub fn figures(figures: domain::dataset::FixFigures) -> FixFigures {
    FixFigures {
        records: figures.records,
        dropped: figures.dropped,
        changed: figures.changed,
        added: figures.added,
        not_mended: figures.not_mended,
        examples_before: figures.examples_before,
        examples_after: figures.examples_after,
        by_fix: figures.by_fix.into_iter().map(|(fix, count)| FixCount { fix, count }).collect(),
    }
}

/// What fixes would do.
pub fn preview(report: FixReport) -> FixesPreview {
    let messages = |all: Vec<Message>| all.into_iter().map(message).collect::<Vec<_>>();
    let changes = report.samples.into_iter().map(|sample| FixChange {
        line: sample.line,
        fixes: sample.fixes,
        before: messages(sample.before),
        after: sample.after.into_iter().map(messages).collect(),
    });
    FixesPreview { changes: changes.collect(), figures: figures(report.figures), complete: !report.stopped, bytes_read: report.bytes_read }
}

/// A version that was made of a data set.
pub fn child((version, name): (Version, String)) -> ChildVersion {
    ChildVersion { id: version.dataset_id.uuid(), name, version: version.version, fixes: version.fixes, made_at: version.made_at }
}

/// Some conversations.
pub fn conversations(page: ConversationPage) -> ConversationList {
    ConversationList { conversations: page.conversations.into_iter().map(conversation).collect(), rejected_records: page.rejected }
}

fn conversation(one: Conversation) -> DatasetConversation {
    DatasetConversation {
        conversation_id: one.id,
        line: one.line,
        examples: one.examples,
        context_pairs: one.context,
        split: one.split.map(datasets::Split::as_str),
        persona: one.labels.persona_name.or(one.labels.persona),
        emotional_arc: one.labels.arc_name.or(one.labels.arc),
        topic: one.labels.topic_name.or(one.labels.topic),
        quality_score: one.labels.quality,
        messages: one.messages.into_iter().map(message).collect(),
        truncated: one.cut,
    }
}

/// What an export holds and loses.
pub fn export_report((file_name, report): (String, ConvertReport)) -> ExportReport {
    let loss = |(loss, count): (datasets::Loss, u64)| ExportLoss {
        code: loss.as_str().to_owned(),
        description: loss.description().to_owned(),
        count,
    };
    ExportReport {
        file_name,
        examples: report.examples,
        records: report.records,
        bytes: report.bytes_written,
        losses: report.losses.into_iter().map(loss).collect(),
        complete: !report.stopped,
    }
}
