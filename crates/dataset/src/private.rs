//! What should not be learnt by heart: e-mail addresses, phone numbers, card numbers, keys. Found by rules that prefer missing some to
//! crying wolf, and shown only masked.

use aho_corasick::{AhoCorasick, MatchKind};
use std::ops::Range;
use std::sync::LazyLock;

/// Kinds of private data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Email,
    Phone,
    Card,
    Secret,
}

/// One place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Private {
    pub(crate) kind: Kind,
    pub(crate) range: Range<usize>,
    /// What it is, masked so that it cannot be used: `j…@m….org`.
    pub(crate) masked: String,
}

/// Digits below which a text cannot hold a phone or card number.
pub(crate) const FEWEST_DIGITS: usize = 7;

/// How keys of well-known services begin, what they are, and how many characters follow at least.
const KEYS: [(&str, &str, usize); 19] = [
    ("sk-", "API key", 20),
    ("sk_live_", "Stripe key", 16),
    ("rk_live_", "Stripe key", 16),
    ("ghp_", "GitHub token", 30),
    ("gho_", "GitHub token", 30),
    ("ghs_", "GitHub token", 30),
    ("github_pat_", "GitHub token", 30),
    ("glpat-", "GitLab token", 16),
    ("AKIA", "AWS access key", 16),
    ("ASIA", "AWS access key", 16),
    ("AIza", "Google API key", 30),
    ("xoxb-", "Slack token", 20),
    ("xoxp-", "Slack token", 20),
    ("hf_", "Hugging Face token", 30),
    ("npm_", "npm token", 30),
    ("ya29.", "Google access token", 20),
    ("br_", "BrightRun key", 30),
    ("eyJ", "JSON Web Token", 40),
    ("-----BEGIN ", "private key", 30),
];

static PREFIXES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let prefixes = KEYS.map(|(prefix, ..)| prefix);
    AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(prefixes).ok()
});

/// Everything private in `text`, in order. `at_sign` and `digits` are what a pass over its words has met already.
pub(crate) fn find(text: &str, at_sign: bool, digits: usize) -> Vec<Private> {
    let mut found = Vec::new();
    if at_sign {
        emails(text, &mut found);
    }
    secrets(text, &mut found);
    if digits >= FEWEST_DIGITS {
        numbers(text, &mut found);
    }
    found.sort_by_key(|one: &Private| one.range.start);
    let mut end = 0;
    found.retain(|one| {
        let apart = one.range.start >= end;
        end = end.max(one.range.end);
        apart
    });
    found
}

/// Domains that are reserved for examples, and those of programs rather than people.
fn reserved(domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    let example = ["example.com", "example.org", "example.net"]
        .iter()
        .any(|name| domain.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('.')));
    example || [".example", ".test", ".invalid", ".localhost"].iter().any(|end| domain.ends_with(end))
}

fn emails(text: &str, found: &mut Vec<Private>) {
    let bytes = text.as_bytes();
    for at in memchr::memchr_iter(b'@', bytes) {
        let local = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-');
        let start = at - bytes[..at].iter().rev().take(64).take_while(|byte| local(byte)).count();
        let host = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        let end = at + 1 + bytes[at + 1..].iter().take(253).take_while(|byte| host(byte)).count();
        let domain = text[at + 1..end].trim_end_matches(['.', '-']);
        let top = domain.rsplit_once('.').map(|(name, top)| (name.is_empty(), top));
        let plausible = matches!(top, Some((false, top)) if top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic()));
        if start == at || !plausible || domain.contains("..") || reserved(domain) {
            continue;
        }
        let (name, top) = domain.rsplit_once('.').unwrap_or((domain, ""));
        let masked = format!("{}…@{}….{top}", &text[start..=start], &name[..1]);
        found.push(Private { kind: Kind::Email, range: start..at + 1 + domain.len(), masked });
    }
}

fn secrets(text: &str, found: &mut Vec<Private>) {
    let Some(prefixes) = PREFIXES.as_ref() else { return };
    let bytes = text.as_bytes();
    for hit in prefixes.find_iter(text) {
        let (prefix, name, fewest) = KEYS[hit.pattern().as_usize()];
        let inside = hit.start() > 0 && (bytes[hit.start() - 1].is_ascii_alphanumeric() || bytes[hit.start() - 1] == b'_');
        if inside && !prefix.starts_with('-') {
            continue;
        }
        let end = if prefix.starts_with('-') {
            pem_end(text, hit.end())
        } else {
            let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'=');
            let length = bytes[hit.end()..].iter().take(8192).take_while(|byte| part(byte)).count();
            let token = text[hit.end()..hit.end() + length].trim_end_matches(['.', '-', '/', '=']);
            (token.len() >= fewest && random_looking(token)).then_some(hit.end() + token.len())
        };
        if let Some(end) = end {
            let shown = if prefix.starts_with('-') { "" } else { prefix };
            found.push(Private { kind: Kind::Secret, range: hit.start()..end, masked: format!("{name} {shown}…") });
        }
    }
}

/// The end of a private key whose `-----BEGIN ` ends at `from`; none for certificates and public keys.
fn pem_end(text: &str, from: usize) -> Option<usize> {
    let head = text[from..].split_once("-----").map(|(head, _)| head).filter(|head| head.len() < 40)?;
    if !head.ends_with("PRIVATE KEY") {
        return None;
    }
    let mark = format!("-----END {head}-----");
    Some(text[from..].find(&mark).map_or(text.len(), |end| from + end + mark.len()))
}

/// Keys have digits and letters; words that begin like one, such as `sk-learn-pipeline-tutorial`, do not.
fn random_looking(token: &str) -> bool {
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    let upper = token.bytes().filter(u8::is_ascii_uppercase).count();
    digits >= 2 && digits + upper >= 4 && digits < token.len()
}

/// A run of digits with the separators that people write between them.
struct Number {
    range: Range<usize>,
    digits: Vec<u8>,
    /// Lengths of the groups between separators.
    groups: Vec<usize>,
    plus: bool,
    parenthesis: bool,
    separators: Vec<u8>,
}

fn numbers(text: &str, found: &mut Vec<Private>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| byte.is_ascii_digit()) {
        let number = number_at(bytes, at + next);
        at = number.range.end;
        let before = number.range.start.checked_sub(1).map(|index| bytes[index]);
        let after = bytes.get(at).copied();
        // Part of a word, an id, a decimal, or a URL.
        let glued = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'=' | b'#'));
        let money = matches!(before, Some(b'$' | b'.' | b',' | b'-')) || (after == Some(b'%'));
        if glued(before) || glued(after) || money {
            continue;
        }
        let kind = if is_card(&number) {
            Kind::Card
        } else if is_phone(&number) {
            Kind::Phone
        } else {
            continue;
        };
        let last: String = number.digits[number.digits.len() - 2..].iter().map(|digit| char::from(*digit)).collect();
        found.push(Private { kind, range: number.range, masked: format!("…{last}") });
    }
}

/// The number whose first digit is at `first`; an opening `+` or `(` before it belongs to it.
fn number_at(bytes: &[u8], first: usize) -> Number {
    let mut number =
        Number { range: first..first, digits: Vec::new(), groups: vec![0], plus: false, parenthesis: false, separators: Vec::new() };
    if first > 0 && bytes[first - 1] == b'(' {
        number.range.start -= 1;
        number.parenthesis = true;
    }
    if number.range.start > 0 && bytes[number.range.start - 1] == b'+' {
        number.range.start -= 1;
        number.plus = true;
    }
    let mut at = first;
    while at < bytes.len() && number.digits.len() <= 24 {
        if bytes[at].is_ascii_digit() {
            number.digits.push(bytes[at]);
            if let Some(group) = number.groups.last_mut() {
                *group += 1;
            }
            at += 1;
            number.range.end = at;
            continue;
        }
        let separators = bytes[at..].iter().take(2).take_while(|byte| matches!(byte, b' ' | b'-' | b'.' | b'(' | b')')).count();
        if separators == 0 || !bytes.get(at + separators).is_some_and(u8::is_ascii_digit) {
            break;
        }
        number.parenthesis |= bytes[at..at + separators].contains(&b'(');
        number.separators.push(bytes[at + separators - 1]);
        number.groups.push(0);
        at += separators;
    }
    number
}

fn is_card(number: &Number) -> bool {
    let grouped = number.groups.len() == 1 || matches!(number.groups.as_slice(), [4, 4, 4, 4] | [4, 6, 5] | [4, 4, 4, 4, 3]);
    grouped
        && !number.plus
        && !number.separators.iter().any(|byte| matches!(byte, b'.' | b'(' | b')'))
        && (13..=19).contains(&number.digits.len())
        && matches!(number.digits[0], b'3'..=b'6')
        && luhn(&number.digits)
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| {
            let value = u32::from(digit - b'0') * if index % 2 == 1 { 2 } else { 1 };
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}

fn is_phone(number: &Number) -> bool {
    let digits = &number.digits;
    if number.plus {
        return (8..=15).contains(&digits.len()) && digits[0] != b'0' && !fictional(digits);
    }
    // North American: 3, 3 and 4 digits, with or without the country's 1 before them.
    let american = match number.groups.as_slice() {
        [3, 3, 4] => true,
        [1, 3, 3, 4] => digits[0] == b'1',
        _ => false,
    };
    if american {
        let national = &digits[digits.len() - 10..];
        return national[0] >= b'2' && national[3] >= b'2' && !fictional(digits);
    }
    // Others begin with 0 within their country, and are written in groups.
    let date = matches!(number.groups.as_slice(), [2 | 1, 2 | 1, 4 | 2, ..]);
    digits[0] == b'0'
        && (9..=12).contains(&digits.len())
        && (2..=5).contains(&number.groups.len())
        && !date
        && (number.groups[0] >= 3 || number.parenthesis)
        && !number.separators.contains(&b'.')
}

/// 555-0100 to 555-0199 are reserved for stories.
fn fictional(digits: &[u8]) -> bool {
    digits.len() >= 10 && digits[digits.len() - 7..].starts_with(b"55501")
}

/// `text` with every place of the wanted kinds replaced; none where there is none.
pub(crate) fn mask(text: &str, wanted: impl Fn(Kind) -> bool) -> Option<String> {
    let mut masked = String::new();
    let mut end = 0;
    for one in find(text, true, FEWEST_DIGITS).into_iter().filter(|one| wanted(one.kind)) {
        masked.push_str(&text[end..one.range.start]);
        masked.push_str(match one.kind {
            Kind::Email => "[email]",
            Kind::Phone => "[phone]",
            Kind::Card => "[card]",
            Kind::Secret => "[secret]",
        });
        end = one.range.end;
    }
    (end > 0).then(|| masked + &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Kind, &str)> {
        find(text, true, FEWEST_DIGITS).into_iter().map(|one| (one.kind, &text[one.range])).collect()
    }

    #[test]
    fn finds_what_is_private() {
        for (text, kind, expected) in [
            ("write to jo.smith+x@mail.acme.co.uk.", Kind::Email, "jo.smith+x@mail.acme.co.uk"),
            ("<jo@acme.org>", Kind::Email, "jo@acme.org"),
            ("call +49 171 2345678 now", Kind::Phone, "+49 171 2345678"),
            ("call (415) 734-2671.", Kind::Phone, "(415) 734-2671"),
            ("415-734-2671", Kind::Phone, "415-734-2671"),
            ("1 415 734 2671", Kind::Phone, "1 415 734 2671"),
            ("my number is 0171 2345678", Kind::Phone, "0171 2345678"),
            ("card 4111 1111 1111 1111 please", Kind::Card, "4111 1111 1111 1111"),
            ("card 378282246310005", Kind::Card, "378282246310005"),
            ("key sk-proj-abcDEF1234567890abcdef.", Kind::Secret, "sk-proj-abcDEF1234567890abcdef"),
            ("AKIAIOSFODNN7EXAMPL3", Kind::Secret, "AKIAIOSFODNN7EXAMPL3"),
            ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----", Kind::Secret, ""),
        ] {
            let all = found(text);
            assert_eq!(all.len(), 1, "{text}: {all:?}");
            assert_eq!(all[0].0, kind, "{text}");
            assert!(expected.is_empty() || all[0].1 == expected, "{text}: {all:?}");
        }
    }

    #[test]
    fn leaves_the_rest_alone() {
        for text in [
            "me@example.com, you@mail.example.org, x@server.test",
            "@handle and a@b and 5 @ 3.50",
            "on 2024-01-15 at 10:30",
            "on 01.02.2024 10:30, 01-02-2024",
            "1234567890123456",
            "$1,234,567.89 or 3.14159265358",
            "ISBN 978-3-16-148410-0",
            "order 00012345678",
            "id 123e4567-e89b-12d3-a456-426614174000",
            "call 212-555-0123",
            "the task-oriented risk-free sk-learn-pipeline-tutorial",
            "https://host/path/0171-2345678-x",
            "-----BEGIN CERTIFICATE-----\nabc1\n-----END CERTIFICATE-----",
            "10 20 30 40 50 60 70",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn nothing_is_shown_whole() {
        let text = "jo.smith@acme.org, +49 171 2345678, sk-abcDEF1234567890abcdef, 4111111111111111";
        let masks: Vec<String> = find(text, true, 7).into_iter().map(|one| one.masked).collect();
        assert_eq!(masks, ["j…@a….org", "…78", "API key sk-…", "…11"]);
        assert_eq!(mask(text, |_| true).unwrap(), "[email], [phone], [secret], [card]");
        assert_eq!(mask(text, |kind| kind == Kind::Phone).unwrap().matches('[').count(), 1);
        assert_eq!(mask("nothing here", |_| true), None);
    }
}
