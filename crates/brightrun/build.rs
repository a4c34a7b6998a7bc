//! Puts the built page where the program embeds it from, so that `cargo build` alone works without Node: when `web/dist` is not there,
//! the program carries a page that says how to build it.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const PLACEHOLDER: &str = include_str!("src/page_missing.html");

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        // What the build keeps for itself, such as its manifest.
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../..");
    let page = PathBuf::from(env::var("OUT_DIR")?).join("page");
    let built = root.join("web/dist");
    if page.exists() {
        fs::remove_dir_all(&page)?;
    }
    if built.join("index.html").is_file() {
        copy(&built, &page)?;
    } else {
        fs::create_dir_all(&page)?;
        fs::write(page.join("index.html"), PLACEHOLDER)?;
    }
    println!("cargo::rustc-env=BUILD_TARGET={}", env::var("TARGET")?);
    println!("cargo::rerun-if-changed={}", built.display());
    println!("cargo::rerun-if-changed=src/page_missing.html");
    println!("cargo::rerun-if-changed={}", root.join("models").display());
    println!("cargo::rerun-if-changed={}", root.join("samples").display());
    Ok(())
}
