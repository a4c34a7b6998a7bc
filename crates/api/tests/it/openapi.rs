//! `docs/openapi.json` is the document that clients are generated from; `docs/api.md` has the table of codes.

/// Both are rewritten by `UPDATE_OPENAPI=1 cargo test -p api openapi`.
#[test]
fn the_openapi_document_in_docs_is_up_to_date() {
    kept("openapi.json", |_| api::openapi_json());
}

#[test]
fn the_table_of_codes_in_docs_is_up_to_date() {
    const MARKS: [&str; 2] = ["<!-- begin: codes (make generate) -->\n", "<!-- end: codes -->"];
    kept("api.md", |kept| {
        let (before, rest) = kept.split_once(MARKS[0]).expect("the beginning of the table");
        let (_, after) = rest.split_once(MARKS[1]).expect("the end of the table");
        format!("{before}{}{}{}{after}", MARKS[0], api::error_table(), MARKS[1])
    });
}

fn kept(name: &str, now: impl FnOnce(&str) -> String) {
    let path = format!("{}/../../docs/{name}", env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let now = now(&kept);
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &now).expect("the file is written");
        return;
    }
    assert!(kept == now, "docs/{name} is stale: run UPDATE_OPENAPI=1 cargo test -p api openapi");
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let document = api::openapi();
    let text = document.to_string();
    for reference in text.split("\"#/components/").skip(1) {
        let name = reference.split('"').next().expect("a name");
        assert!(document.pointer(&format!("/components/{name}")).is_some(), "{name} is not declared");
    }
}

/// Every source of the workspace, as one text.
fn sources(folder: &std::path::Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&std::fs::read_to_string(&path).expect("a source"));
        }
    }
}

#[test]
fn the_tests_that_the_page_on_security_names_are_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut code = String::new();
    sources(&root.join("crates"), &mut code);
    let page = std::fs::read_to_string(root.join("docs/security.md")).expect("the page");
    // A test's name is a sentence.
    let is_name = |text: &&str| text.matches('_').count() > 3 && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let names: Vec<&str> = page.split('`').skip(1).step_by(2).filter(is_name).collect();
    assert!(names.len() > 15, "{names:?}");
    let missing: Vec<&&str> = names.iter().filter(|name| !code.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "docs/security.md names tests that are not there: {missing:?}");
}
