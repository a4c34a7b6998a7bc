//! The engine against transformers and PEFT, and against itself.

mod behaviour;
mod fixture;
mod oracle;
mod peft_files;
