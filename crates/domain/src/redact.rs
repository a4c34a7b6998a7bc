//! Texts of errors without what they must not tell: an address may hold a password or, as its query, a signature that opens a file.

/// A text with every query and every user name and password taken out of the addresses in it. What stays says which address it was.
///
/// Addresses are told by their shape, so that it does not matter who wrote the text: a word with a slash before a question mark, and `://`.
#[must_use]
pub fn addresses(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(is_boundary).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        push(&mut clean, word);
        let boundary = after.chars().next().map_or(0, char::len_utf8);
        clean.push_str(&after[..boundary]);
        rest = &after[boundary..];
    }
    clean
}

/// What no address holds unescaped.
fn is_boundary(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '"' | '\'' | '<' | '>' | '`' | '\\')
}

fn push(clean: &mut String, word: &str) {
    // What a sentence puts after an address is not part of it.
    let address = word.trim_end_matches([')', ']', '}', ',', '.', ':', ';']);
    let after = &word[address.len()..];
    let (place, query) = match address.split_once('?') {
        Some((place, query)) if place.contains('/') && query.contains('=') => (place, true),
        _ => (address, false),
    };
    match place.split_once("://") {
        Some((scheme, host)) => {
            let authority = host.find('/').unwrap_or(host.len());
            let from = host[..authority].rfind('@').map_or(0, |at| at + 1);
            clean.extend([scheme, "://", &host[from..]]);
        }
        None => clean.push_str(place),
    }
    clean.push_str(if query { "?…" } else { "" });
    clean.push_str(after);
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn signatures_and_passwords_go_and_the_address_stays() {
        for (text, clean) in [
            (
                "error for url (https://s3.example.org/b/k?X-Amz-Signature=secret): closed",
                "error for url (https://s3.example.org/b/k?…): closed",
            ),
            ("GET \"http://h/a?signature=secret&x=1\" failed", "GET \"http://h/a?…\" failed"),
            ("{\\\"url\\\":\\\"http://h/a?sig=secret\\\"}", "{\\\"url\\\":\\\"http://h/a?…\\\"}"),
            ("/storage/models/x?expires=1&signature=secret.", "/storage/models/x?…."),
            ("redis://user:secret@cache:6379/0 and postgres://u:secret@db/x?sslmode=secret", "redis://cache:6379/0 and postgres://db/x?…"),
            ("see http://h/a,http://h/b?sig=secret", "see http://h/a,http://h/b?…"),
            ("https://h/a?sig=secret#part", "https://h/a?…"),
        ] {
            assert_eq!(addresses(text), clean);
        }
    }

    #[test]
    fn what_is_no_address_stays_as_it_is() {
        for text in ["", "Why? Because 1 = 1.", "5 tokens/s, ä? ö=1", "ends with ?", "http://h/a/b", "a@b.example said 2/3?"] {
            assert_eq!(addresses(text), text);
        }
    }
}
