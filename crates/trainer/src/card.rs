//! The model card: `README.md` of a finished adapter.

use crate::export::Export;
use domain::evaluation::Evaluation;
use std::fmt::Write;

/// Writes the card in Markdown with the metadata block that model hubs read.
pub(crate) fn model_card(export: &Export<'_>) -> String {
    let spec = export.spec;
    let name = spec.provenance.get("jobName").or_else(|| spec.provenance.get("name"));
    let title = name.cloned().unwrap_or_else(|| format!("LoRA adapter for {}", spec.base_model.id));
    let mut card = format!(
        "---\nbase_model: {}\nlibrary_name: peft\npipeline_tag: text-generation\ntags:\n- lora\n- peft\n- brightrun\n---\n\n# {}\n\n",
        yaml_string(&spec.base_model.id),
        title.replace('\n', " ")
    );
    let _ = writeln!(
        card,
        "A LoRA adapter for `{}` (revision `{}`), trained by BrightRun {} on conversations. It holds the adapter only: the base model is \
         needed beside it.\n",
        spec.base_model.id, spec.base_model.revision, export.version
    );
    if let Some(parent) = &spec.parent {
        let _ = writeln!(card, "The training went on from the adapter `{}`.\n", parent.model_id);
    }
    table(&mut card, "Results", &results(export));
    if let Some(evaluation) = &export.summary.evaluation {
        card.push_str(&compared(evaluation));
    }
    table(&mut card, "Data", &data(export));
    table(&mut card, "Settings", &settings(export));
    card.push_str(&usage(&spec.base_model.id));
    card.push_str(
        "\n## Limits\n\nLosses are measured on the data set's own held-out conversations, where it has any; they say nothing about other \
         subjects. Try the adapter on questions of your own before anybody relies on it.\n",
    );
    card
}

fn table(card: &mut String, title: &str, rows: &[(&str, String)]) {
    // Writing into a string cannot fail.
    let _ = writeln!(card, "## {title}\n\n| | |\n|---|---|");
    for (name, value) in rows {
        let _ = writeln!(card, "| {name} | {} |", value.replace('|', "\\|").replace('\n', " "));
    }
    card.push('\n');
}

fn results(export: &Export<'_>) -> Vec<(&'static str, String)> {
    let summary = export.summary;
    let loss = |value: Option<f64>| value.map_or_else(|| "not measured".to_owned(), |v| format!("{v:.4}"));
    let mut rows = vec![
        ("Training loss, first step", loss(summary.initial_training_loss)),
        ("Training loss, mean of the last epoch", loss(summary.final_training_loss)),
        ("Validation loss before training", loss(summary.initial_validation_loss)),
        ("Validation loss of this adapter", loss(summary.final_validation_loss)),
        ("Optimiser steps", summary.total_steps.to_string()),
        ("Epochs", summary.total_epochs.to_string()),
    ];
    if summary.final_validation_loss.is_some() {
        rows.push(("Exported", format!("weights of epoch {} (step {}), the best by validation loss", export.epoch, export.step)));
    } else {
        rows.push(("Exported", format!("weights of the last step ({}); nothing was held out to choose by", export.step)));
    }
    rows
}

/// Adapter and base model side by side, as far as they were measured.
fn compared(evaluation: &Evaluation) -> String {
    let (adapter, base) = (&evaluation.adapter, &evaluation.base);
    let figures = [
        ("Loss, nats a token", 4, adapter.loss, base.loss),
        ("Perplexity", 2, adapter.perplexity, base.perplexity),
        ("Token accuracy", 3, adapter.token_accuracy, base.token_accuracy),
        ("BLEU (13a), 0 to 100", 1, adapter.bleu, base.bleu),
        ("Semantic similarity, 0 to 1", 3, adapter.semantic_similarity, base.semantic_similarity),
        ("Coherence, 0 to 1", 3, adapter.coherence, base.coherence),
        ("Fluency, 0 to 1", 3, adapter.fluency, base.fluency),
    ];
    let measured = figures.iter().filter(|(_, _, adapter, base)| adapter.is_some() || base.is_some());
    let shown = |value: &Option<f64>, digits: usize| value.map_or_else(|| "not measured".to_owned(), |value| format!("{value:.digits$}"));
    let mut text = format!(
        "## Evaluation\n\nOn {} held-out examples of {} conversations; {} of them were answered by both models.\n\n\
         | | adapter | base model |\n|---|---|---|\n",
        evaluation.examples, evaluation.conversations, evaluation.generated_examples
    );
    for (name, digits, adapter, base) in measured {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "| {name} | {} | {} |", shown(adapter, *digits), shown(base, *digits));
    }
    for (name, digits, interval) in [("loss", 4, evaluation.loss_interval), ("BLEU", 1, evaluation.bleu_interval)] {
        if let Some(found) = interval {
            let (level, low, high, unit) = (100.0 * found.level, found.low, found.high, found.unit);
            let _ = writeln!(text, "\nImprovement of the {name}, {level:.0} % interval by {unit}: {low:.digits$} to {high:.digits$}.");
        }
    }
    text.push('\n');
    text
}

fn data(export: &Export<'_>) -> Vec<(&'static str, String)> {
    let data = export.data;
    vec![
        ("SHA-256 of the file", format!("`{}`", export.dataset_sha256)),
        ("Trained on", format!("{} examples of {} conversations", data.train.len(), data.train_conversations)),
        ("Held out", format!("{} examples of {} conversations", data.validation.len(), data.validation_conversations)),
        ("Cut to the sequence length", data.truncated.to_string()),
        ("Left out, nothing to learn", data.masked.to_string()),
        ("Learned from", "assistant turns with their end-of-turn token".to_owned()),
    ]
}

fn settings(export: &Export<'_>) -> Vec<(&'static str, String)> {
    let (h, s) = (&export.spec.config.hyperparameters, &export.spec.config.settings);
    vec![
        (
            "Rank, alpha, dropout",
            format!("{}, {}, {}{}", h.lora_rank, h.lora_alpha, h.lora_dropout, if h.use_rslora { " (rsLoRA)" } else { "" }),
        ),
        ("Target modules", targets(h)),
        ("Optimiser", format!("{}, weight decay {}, gradients clipped to {}", h.optimizer_type, h.weight_decay, h.max_grad_norm)),
        ("Learning rate", format!("{}, {} after {} warm-up steps", h.learning_rate, h.scheduler, export.warmup_steps)),
        ("Batch", format!("{} examples × {} accumulation steps", h.batch_size, h.gradient_accumulation_steps)),
        ("Epochs asked for", h.num_epochs.to_string()),
        ("Sequence length", format!("{} tokens", export.max_length)),
        ("Seed", s.seed.to_string()),
    ]
}

fn targets(h: &domain::job::Hyperparameters) -> String {
    match &h.layers_to_transform {
        Some(layers) => {
            format!("{} in layers {}", h.target_modules.shown(), layers.iter().map(u32::to_string).collect::<Vec<_>>().join(", "))
        }
        None => h.target_modules.shown(),
    }
}

fn usage(base_model: &str) -> String {
    format!(
        "## Use\n\n```python\nfrom peft import PeftModel\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\n\n\
         base = AutoModelForCausalLM.from_pretrained({base:?})  # or the folder that holds it\n\
         model = PeftModel.from_pretrained(base, \"path/to/this/folder\")\n\
         tokenizer = AutoTokenizer.from_pretrained(\"path/to/this/folder\")\n\n\
         messages = [{{\"role\": \"user\", \"content\": \"Hello\"}}]\n\
         inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors=\"pt\", return_dict=True)\n\
         output = model.generate(**inputs, max_new_tokens=200)\n\
         print(tokenizer.decode(output[0][inputs[\"input_ids\"].shape[1]:], skip_special_tokens=True))\n```\n",
        base = base_model
    )
}

/// A scalar in double quotes, which YAML reads as JSON does.
fn yaml_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
