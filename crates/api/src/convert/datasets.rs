//! Data sets.

use super::dataset_versions::{child, figures};
use crate::dto::datasets::{
    Conversation, Dataset, DatasetDetail, DatasetSort, DatasetTotals, DatasetUpload, Finding, FindingCounts, FindingGroup, FullStatistics,
    HeadReport, HeadStatistics, LengthDistribution, Message, ScaffoldingCell, TopicCount, UploadFields,
};
use app::datasets::{self, Direction};
use domain::dataset::{DatasetStatistics, LENGTH_BIN, SampleConversation, Severity};

/// Where to send the file.
pub fn upload(made: datasets::CreatedDataset) -> DatasetUpload {
    DatasetUpload {
        dataset_id: made.id.uuid(),
        upload_url: made.url,
        upload_method: made.method.to_owned(),
        upload_headers: made.headers,
        upload_fields: UploadFields { key: made.key },
        expires_at: made.expires_at,
    }
}

/// Order of a list.
pub fn sort(sort: DatasetSort) -> (datasets::DatasetSort, Direction) {
    use datasets::DatasetSort as By;
    match sort {
        DatasetSort::DateDesc => (By::Created, Direction::Descending),
        DatasetSort::DateAsc => (By::Created, Direction::Ascending),
        DatasetSort::NameAsc => (By::Name, Direction::Ascending),
        DatasetSort::NameDesc => (By::Name, Direction::Descending),
        DatasetSort::SizeDesc => (By::Size, Direction::Descending),
        DatasetSort::SizeAsc => (By::Size, Direction::Ascending),
        DatasetSort::QualityDesc => (By::Quality, Direction::Descending),
        DatasetSort::QualityAsc => (By::Quality, Direction::Ascending),
        DatasetSort::PairsDesc => (By::Pairs, Direction::Descending),
        DatasetSort::PairsAsc => (By::Pairs, Direction::Ascending),
    }
}

/// Totals over all data sets.
pub fn totals(totals: datasets::DatasetTotals) -> DatasetTotals {
    DatasetTotals {
        total_datasets: totals.datasets,
        training_ready: totals.ready,
        total_conversations: totals.conversations,
        total_training_pairs: totals.training_pairs,
    }
}

/// A data set as lists show it.
pub fn dataset(row: datasets::Dataset) -> Dataset {
    let readiness_issues = datasets::readiness_issues(&row);
    let finding_counts = finding_counts(&row);
    let statistics = row.statistics.unwrap_or_default();
    Dataset {
        id: row.id.uuid(),
        user_id: row.user_id.uuid(),
        name: row.name,
        description: row.description,
        format: row.format,
        status: row.status,
        training_ready: row.training_ready,
        review_recommended: row.review_recommended,
        validation_progress: row.validation_progress,
        file_name: row.file_name,
        file_size: row.file_size,
        total_training_pairs: statistics.total_training_pairs,
        total_validation_pairs: statistics.total_validation_pairs,
        total_conversations: statistics.total_conversations,
        context_pairs: statistics.context_pairs,
        rejected_pairs: statistics.rejected_pairs,
        declared_pairs: statistics.declared_pairs,
        total_tokens: statistics.total_tokens,
        avg_turns_per_conversation: statistics.avg_turns_per_conversation,
        avg_tokens_per_turn: statistics.avg_tokens_per_turn,
        quality_score: statistics.quality_score,
        human_reviewed_percent: statistics.human_reviewed_percent,
        vertical: statistics.vertical,
        consultant_name: statistics.consultant_name,
        consultant_title: statistics.consultant_title,
        scaffolding: statistics.scaffolding.into_iter().map(cell).collect(),
        readiness_issues,
        finding_counts,
        s3_key: row.s3_key,
        s3_bucket: row.s3_bucket,
        uploaded_at: row.uploaded_at.unwrap_or(row.created_at),
        processed_at: row.processed_at,
        validated_at: row.validated_at,
        error_message: row.error_message,
        deleted_at: row.deleted_at,
        purge_at: row.deleted_at.map(app::retention::restorable_until),
        sample_conversations: None,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// A data set with all that validation measured and found.
pub fn detail(mut row: datasets::Dataset, lineage: datasets::Lineage) -> DatasetDetail {
    let full_statistics = row.statistics.as_ref().map(full_statistics);
    let findings = row.findings.iter().cloned().map(finding_group).collect();
    let sample = std::mem::take(&mut row.sample);
    let sample_conversations = full_statistics.is_some().then(|| sample.into_iter().map(conversation).collect());
    let children = lineage.children.into_iter().map(child).collect();
    let (version, parent_id, applied_fixes, fix_figures) = match lineage.version {
        Some(made) => (made.version, Some(made.parent_id.uuid()), made.fixes, made.report.map(figures)),
        None => (1, None, Vec::new(), None),
    };
    let dataset = Dataset { sample_conversations, ..dataset(row) };
    DatasetDetail { dataset, full_statistics, findings, version, parent_id, applied_fixes, fix_figures, children }
}

fn finding_counts(row: &datasets::Dataset) -> FindingCounts {
    let count = |severity| row.findings.iter().filter(|group| group.severity == severity).map(|group| group.count).sum();
    FindingCounts { error: count(Severity::Error), warning: count(Severity::Warning), info: count(Severity::Info) }
}

fn cell(cell: domain::dataset::ScaffoldingCell) -> ScaffoldingCell {
    ScaffoldingCell { persona: cell.persona, persona_name: cell.persona_name, arc: cell.arc, pairs: cell.pairs }
}

fn full_statistics(statistics: &DatasetStatistics) -> FullStatistics {
    let lengths = &statistics.length_distribution;
    let topic = |topic: &domain::dataset::TopicCount| TopicCount { topic: topic.topic.clone(), count: topic.count };
    let used = statistics.length_histogram.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
    FullStatistics {
        vocabulary_size: statistics.vocabulary_size,
        unique_speakers: statistics.unique_speakers,
        topic_distribution: statistics.topic_distribution.iter().map(topic).collect(),
        length_distribution: LengthDistribution {
            min: lengths.min,
            max: lengths.max,
            mean: lengths.mean,
            median: lengths.median,
            p95: lengths.p95,
        },
        length_histogram: statistics.length_histogram[..used].to_vec(),
        length_bin_width: LENGTH_BIN,
        tokenizer: statistics.tokenizer.clone(),
    }
}

fn finding_group(group: domain::dataset::FindingGroup) -> FindingGroup {
    let kind = datasets::finding_kind(&group.code);
    FindingGroup {
        title: kind.map_or_else(|| group.code.clone(), |kind| kind.title.to_owned()),
        meaning: kind.map(|kind| kind.meaning.to_owned()).unwrap_or_default(),
        fixes: kind.map(|kind| kind.fixes.to_vec()).unwrap_or_default(),
        code: group.code,
        severity: group.severity,
        count: group.count,
        findings: group.findings.into_iter().map(finding).collect(),
    }
}

fn finding(finding: domain::dataset::Finding) -> Finding {
    Finding {
        code: finding.code,
        severity: finding.severity,
        line: finding.line,
        column: finding.column,
        pointer: finding.pointer,
        message: finding.message,
        fix: finding.fix,
    }
}

/// One message.
pub fn message(message: domain::dataset::Message) -> Message {
    Message { role: message.role, content: message.content, trained: message.trained }
}

fn conversation(sample: SampleConversation) -> Conversation {
    Conversation {
        conversation_id: sample.conversation_id,
        persona: sample.persona,
        emotional_arc: sample.emotional_arc,
        topic: sample.topic,
        messages: sample.messages.into_iter().map(message).collect(),
    }
}

/// What a look at the beginning of a file says.
pub fn head_report(report: datasets::HeadReport) -> HeadReport {
    HeadReport {
        is_valid: report.is_valid,
        detected_format: report.format,
        errors: report.errors.into_iter().map(finding).collect(),
        warnings: report.warnings.into_iter().map(finding).collect(),
        statistics: HeadStatistics { estimated_pairs: report.pairs, sample_conversation: report.sample.map(conversation) },
    }
}
