//! Names that come from a configuration or from a hub, and end up in addresses and paths.

use std::fmt;
use std::str::FromStr;

use crate::HubError;

/// Length of a name at most.
const LONGEST: usize = 96;

/// A repository, such as `HuggingFaceTB/SmolLM2-135M-Instruct`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repo(String);

impl Repo {
    /// As one part of a path.
    pub(crate) fn folder(&self) -> String {
        format!("models--{}", self.0.replace('/', "--"))
    }
}

impl fmt::Display for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Repo {
    type Err = HubError;

    fn from_str(text: &str) -> Result<Self, HubError> {
        let parts: Vec<&str> = text.split('/').collect();
        if parts.len() <= 2 && parts.iter().all(|part| is_plain(part) && !part.contains("--")) {
            return Ok(Self(text.to_owned()));
        }
        Err(HubError::Repo { text: text.to_owned() })
    }
}

/// Whether a name is one part of a path and of an address, and nothing else.
pub(crate) fn is_plain(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.len() <= LONGEST && !name.starts_with('.') && name.chars().all(allowed) && !name.contains("..")
}

/// Whether a revision is a whole commit, which always names the same files.
pub(crate) fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
}

/// A revision may have a slash, as `refs/pr/1` has.
pub(crate) fn check_revision(revision: &str) -> Result<(), HubError> {
    if revision.split('/').all(is_plain) { Ok(()) } else { Err(HubError::Revision { revision: revision.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for good in ["gpt2", "Qwen/Qwen2.5-0.5B-Instruct", "a_b/c.d-e"] {
            assert!(good.parse::<Repo>().is_ok(), "{good}");
        }
        for bad in ["", "/", "a/b/c", "../x", "a/..", "a b", "a%2fb", "x/.git", "https://example.org/a", "a--b/c"] {
            assert!(bad.parse::<Repo>().is_err(), "{bad}");
        }
        assert!(check_revision("refs/pr/3").is_ok() && check_revision("main").is_ok());
        assert!(check_revision("../main").is_err() && check_revision("").is_err() && check_revision("a?b").is_err());
        assert!(is_commit("0123456789abcdef0123456789abcdef01234567") && !is_commit("main"));
        assert!(is_plain("model-00001-of-00002.safetensors") && !is_plain("a/b.safetensors"));
    }
}
