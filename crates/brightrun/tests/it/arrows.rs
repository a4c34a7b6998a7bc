//! The architecture's table of arrows, checked against what Cargo knows.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Which of our crates each may import; `brightrun` and `testkit` (development only) may import everything.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("dataset", &["domain"]),
    ("db", &["domain"]),
    ("blob", &["domain"]),
    ("cluster", &["domain"]),
    ("queue", &["domain", "db"]),
    ("hub", &[]),
    ("relay", &[]),
    ("model", &[]),
    ("trainer", &["domain", "dataset", "model"]),
    ("app", &["domain", "dataset", "db", "blob", "queue", "cluster", "relay"]),
    ("api", &["app", "domain"]),
];

/// Outside crates that only one or two of ours may name.
const FENCES: &[(&str, &[&str])] = &[
    ("sea-orm", &["db"]),
    ("sea-orm-migration", &["db"]),
    ("utoipa", &["api"]),
    ("utoipa-axum", &["api"]),
    ("axum", &["api", "brightrun"]),
    ("gemm", &["model"]),
    ("redis", &["relay"]),
];

/// Licences that may come with the program, besides those that offer one of these as a choice.
const LICENSES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "Zlib",
    "MPL-2.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "0BSD",
    "BSL-1.0",
    "MIT-0",
    "Unlicense",
    "OpenSSL",
];

fn metadata() -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let options = ["--locked", "--filter-platform", env!("BUILD_TARGET")].map(str::to_owned);
    MetadataCommand::new().manifest_path(manifest).other_options(options).exec().expect("cargo metadata")
}

fn imports(package: &Package) -> BTreeSet<String> {
    package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development).map(|d| d.name.clone()).collect()
}

#[test]
fn no_crate_imports_what_the_table_of_arrows_does_not_allow() {
    let metadata = metadata();
    let ours: BTreeMap<String, &Package> = metadata.workspace_packages().into_iter().map(|p| (p.name.to_string(), p)).collect();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).chain(["brightrun", "testkit"]).collect();
    let unknown: Vec<_> = ours.keys().filter(|name| !known.contains(name.as_str())).collect();
    assert!(unknown.is_empty(), "crates without a row in the table of arrows: {unknown:?}");
    for (name, allowed) in ARROWS {
        let package = ours.get(*name).unwrap_or_else(|| panic!("crate {name} is gone: remove its row"));
        for import in imports(package).iter().filter(|i| ours.contains_key(*i)) {
            assert!(allowed.contains(&import.as_str()), "{name} must not import {import}");
        }
    }
}

#[test]
fn fenced_crates_stay_behind_their_fence() {
    for package in metadata().workspace_packages() {
        let imports = imports(package);
        for (fenced, allowed) in FENCES {
            let named = imports.contains(*fenced);
            assert!(!named || allowed.contains(&package.name.as_str()), "{} must not name {fenced}", package.name);
        }
    }
}

#[test]
fn every_dependency_has_a_licence_that_allows_distribution() {
    let refused: Vec<String> = metadata()
        .packages
        .iter()
        .filter(|p| p.source.is_some())
        .filter(|p| {
            let expression = p.license.clone().unwrap_or_default();
            let required = expression.replace('/', " OR ");
            !required.split(" OR ").any(|choice| {
                let parts = choice.trim_matches(['(', ')', ' ']).split(" AND ");
                parts
                    .into_iter()
                    .all(|part| LICENSES.contains(&part.trim_matches(['(', ')', ' ']).split(" WITH ").next().unwrap_or_default()))
            })
        })
        .map(|p| format!("{} {}: {:?}", p.name, p.version, p.license))
        .collect();
    assert!(refused.is_empty(), "licences not on the list: {refused:#?}");
}
