//! The three presets of the page, and `custom`.

use super::config::{Hyperparameters, OptimizerType, Scheduler};
use super::targets::TargetModules;
use crate::text_enum::text_enum;

text_enum! {
    /// Which preset a job was configured from.
    PresetId {
        /// Slower, safer, lower cost.
        Conservative = "conservative",
        /// Recommended for most uses.
        Balanced = "balanced",
        /// Learns faster, higher risk.
        Aggressive = "aggressive",
        /// None of them.
        Custom = "custom",
    }
}

/// The hyperparameters of a preset; `custom` starts from balanced. `context` is the base model's context length in tokens, which bounds
/// the sequence length.
pub fn preset(id: PresetId, context: u32) -> Hyperparameters {
    let (lora_rank, lora_alpha, num_epochs, learning_rate) = match id {
        PresetId::Conservative => (8, 16.0, 2, 1e-4),
        PresetId::Balanced | PresetId::Custom => (16, 32.0, 3, 2e-4),
        PresetId::Aggressive => (32, 64.0, 5, 5e-4),
    };
    Hyperparameters {
        learning_rate,
        batch_size: 4,
        num_epochs,
        warmup_steps: 0,
        warmup_ratio: 0.03,
        lora_rank,
        lora_alpha,
        use_rslora: false,
        lora_dropout: 0.05,
        target_modules: TargetModules::all(),
        layers_to_transform: None,
        optimizer_type: OptimizerType::Adamw,
        weight_decay: 0.01,
        gradient_accumulation_steps: 1,
        max_grad_norm: 1.0,
        scheduler: Scheduler::Cosine,
        max_seq_length: context.min(2048),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn presets_are_valid_and_fit_the_context() {
        for &id in PresetId::ALL {
            let p = preset(id, 1024);
            assert!(p.validate().is_ok());
            assert_eq!(p.max_seq_length, 1024);
        }
    }

    #[test]
    fn presets_are_those_of_the_cards() {
        let card = |id| {
            let p = preset(id, 4096);
            (p.lora_rank, p.lora_alpha, p.num_epochs, p.learning_rate)
        };
        assert_eq!(card(PresetId::Conservative), (8, 16.0, 2, 1e-4));
        assert_eq!(card(PresetId::Balanced), (16, 32.0, 3, 2e-4));
        assert_eq!(card(PresetId::Aggressive), (32, 64.0, 5, 5e-4));
        for &id in PresetId::ALL {
            let p = preset(id, 4096);
            assert_eq!((p.lora_dropout, p.batch_size, p.warmup_ratio, p.max_seq_length), (0.05, 4, 0.03, 2048));
            assert_eq!((p.scheduler, p.optimizer_type, p.weight_decay), (Scheduler::Cosine, OptimizerType::Adamw, 0.01));
            assert_eq!((p.max_grad_norm, p.gradient_accumulation_steps, p.target_modules), (1.0, 1, TargetModules::all()));
        }
    }

    #[test]
    fn a_value_out_of_range_names_its_field() {
        let mut p = preset(PresetId::Balanced, 2048);
        p.lora_rank = 0;
        let error = p.validate().expect_err("rank 0");
        assert_eq!((error.kind, error.field.as_deref()), (ErrorKind::Invalid, Some("hyperparameters.loraRank")));
        let mut p = preset(PresetId::Balanced, 2048);
        p.target_modules = TargetModules::of(&["q_proj", "lm_head"]);
        assert_eq!(p.validate().expect_err("unknown").field.as_deref(), Some("hyperparameters.targetModules"));
        let mut p = preset(PresetId::Balanced, 2048);
        p.learning_rate = f64::NAN;
        assert!(p.validate().is_err());
    }

    #[test]
    fn warmup_steps_win_over_the_ratio() {
        let mut p = preset(PresetId::Balanced, 2048);
        assert_eq!(p.warmup(100), 3);
        p.warmup_steps = 7;
        assert_eq!((p.warmup(100), p.warmup(5)), (7, 5));
    }
}
