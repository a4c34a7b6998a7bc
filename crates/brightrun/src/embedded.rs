//! What the program carries: the page and the built-in base model.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use domain::catalogue::{BUILT_IN_MODEL, BaseModel};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/page"]
struct PageFiles;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../models/tiny-chat"]
struct ModelFiles;

/// One file of the page, by its path without a leading slash.
pub fn page_file(path: &str) -> Option<Cow<'static, [u8]>> {
    PageFiles::get(path).map(|file| file.data)
}

/// Lays the built-in base model out below `models_dir`, once per content, and describes it.
pub fn built_in_model(models_dir: &Path) -> Result<BaseModel> {
    let mut hash = Sha256::new();
    let mut names: Vec<_> = ModelFiles::iter().collect();
    names.sort();
    for name in &names {
        let file = ModelFiles::get(name).context("this build carries no base model")?;
        hash.update(name.as_bytes());
        hash.update(file.metadata.sha256_hash());
    }
    let revision = hex::encode(&hash.finalize()[..8]);
    let path = models_dir.join(format!("tiny-chat-{revision}"));
    if !path.join("config.json").is_file() {
        lay_out(&names, models_dir, &path)?;
    }
    let config = model::DecoderConfig::from_json(&fs::read(path.join("config.json"))?).context("the built-in base model cannot be read")?;
    Ok(BaseModel {
        id: BUILT_IN_MODEL.to_owned(),
        display_name: "Tiny Chat (built in)".to_owned(),
        parameters: config.parameter_count(),
        context_length: u32::try_from(config.context()).context("the built-in base model's context length")?,
        license: "MIT OR Apache-2.0".to_owned(),
        revision,
        path,
        repo: None,
    })
}

/// Writes the files to a temporary folder and renames it, so that a half-written model is never found.
fn lay_out(names: &[Cow<'static, str>], models_dir: &Path, path: &PathBuf) -> Result<()> {
    let temporary = models_dir.join(format!(".tmp-{}", std::process::id()));
    let written = || -> std::io::Result<()> {
        fs::create_dir_all(&temporary)?;
        for name in names {
            if let Some(file) = ModelFiles::get(name) {
                fs::write(temporary.join(name.as_ref()), &file.data)?;
            }
        }
        match fs::rename(&temporary, path) {
            Err(_) if path.join("config.json").is_file() => fs::remove_dir_all(&temporary),
            other => other,
        }
    };
    written().with_context(|| format!("cannot lay out the built-in base model in {}", path.display()))
}
