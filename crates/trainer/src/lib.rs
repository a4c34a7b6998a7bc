//! Training: from a data set and a base model to a LoRA adapter in a folder, with events on the way.
//!
//! Owns loading and tokenising the data, the label mask, the split, batches, optimisers, schedules, the training loop, checkpoints and
//! resume, evaluation, and the files of the finished adapter. Synchronous; must not import network, database or async crates, and of
//! ours only `domain`, `dataset` and `model`. Time comes from the caller's clock.

mod batch;
mod card;
mod checkpoint;
mod counting;
mod data;
mod device;
mod engine;
mod error;
mod evaluation;
mod event;
mod example;
mod export;
mod files;
mod halt;
mod inspect;
mod memory;
mod optimizer;
mod order;
mod pace;
mod packing;
mod parent;
mod rehearsal;
mod run;
mod schedule;
mod session;
mod template;
mod tensors;
pub mod tokenizer;
mod watch;

pub use checkpoint::{checkpoint_folder, newest_checkpoint};
pub use device::{Gpu, gpu};
pub use error::{Kept, Place, TrainerError};
pub use event::{Emitter, EventSink, StopFlag};
pub use example::{IGNORED, TokenisedExample, tokenise};
pub use files::{hash_file, sha256_hex};
pub use memory::keep_to_small_pages;
pub use optimizer::{Optimizer, StateTensor, clip_factor};
pub use run::{RunOutcome, run};
pub use schedule::Schedule;
