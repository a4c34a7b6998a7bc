//! `docs/openapi.json` is the document that clients are generated from.

/// Rewritten by `UPDATE_OPENAPI=1 cargo test -p api openapi`.
#[test]
fn the_openapi_document_in_docs_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let now = api::openapi_json();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &now).expect("docs/openapi.json is written");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == now, "docs/openapi.json is stale: run UPDATE_OPENAPI=1 cargo test -p api openapi");
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let document = api::openapi();
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().expect("a name");
        assert!(document["components"]["schemas"].get(name).is_some(), "{name} is not declared");
    }
}
