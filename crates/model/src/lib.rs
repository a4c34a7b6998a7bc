//! The training engine: a Llama-family decoder with LoRA, forward and backward written by hand.
//!
//! Owns: the geometry of a model ([`DecoderConfig`]), its frozen weights ([`Model`]), the trainable ones ([`LoraWeights`]) with their
//! gradients, the kernels behind the [`Backend`] trait, and PEFT's adapter files ([`peft`]). It computes losses, gradients, greedy
//! answers and, where the adapters stay on a device, AdamW's steps, and nothing else: other optimisers, schedules, data and checkpoints belong
//! to `trainer`.
//!
//! Must not import: any other crate of this workspace, a database, a network, an async runtime.
//!
//! Everything is computed in f32, but for products with frozen matrices where the model's [`Precision`] is bf16: those round their
//! factors to bf16 and add in f32. The same input gives the same bits on the same machine at the same number of threads;
//! at another number losses and gradients differ by at most 1e-5 of their size, since some additions change their order.

mod adamw;
pub mod backend;
mod batch;
mod config;
mod engine;
mod error;
mod lora;
pub mod peft;
mod precision;
mod random;
mod rope;
mod targets;
mod weights;

pub use adamw::AdamW;
pub use backend::{Backend, Cpu};
pub use batch::{Batch, BatchLoss, IGNORED_LABEL, LossScale};
pub use config::{DecoderConfig, LinearModule, SlidingWindow};
pub use engine::{Model, Prompt, ResidentAdapters, SequenceScore, Workspace};
pub use error::ModelError;
pub use lora::{LoraConfig, LoraGradients, LoraWeights, NamedTensor, NamedTensorMut};
pub use precision::Precision;
pub use random::{DropoutKey, DropoutMask};
pub use rope::{Rope, RopeScaling};
pub use targets::TargetModules;
pub use weights::{Elements, LoadProgress};
