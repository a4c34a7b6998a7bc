//! The page of findings is that of the table.

use std::path::Path;

#[test]
fn the_page_of_findings_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dataset-findings.md");
    let page = dataset::codes::markdown();
    if std::env::var_os("UPDATE_FINDINGS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/dataset-findings.md is stale: run `make generate`");
}
