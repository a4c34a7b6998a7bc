//! Training: from a data set and a base model to a LoRA adapter in a folder, with events on the way.
//!
//! Owns loading and tokenising the data, the label mask, the split, batches, optimisers, schedules, the training loop, checkpoints and
//! resume, evaluation, and the files of the finished adapter. Synchronous; must not import network, database or async crates, and of
//! ours only `domain`, `dataset` and `model`. Time comes from the caller's clock.

mod batch;
mod data;
mod error;
mod event;
mod example;
mod files;
mod halt;
mod optimizer;
mod schedule;
mod template;
pub mod tokenizer;

pub use error::TrainerError;
pub use event::{Emitter, EventSink, StopFlag};
pub use example::{IGNORED, TokenisedExample, tokenise};
pub use files::{hash_file, sha256_hex};
pub use optimizer::{Optimizer, StateTensor, clip_factor};
pub use schedule::Schedule;
