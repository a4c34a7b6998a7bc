//! Text that was decoded wrongly somewhere on its way: UTF-8 read as Windows-1252, characters that were lost, control characters.

/// The characters of Windows-1252 that are not those of Latin-1, with the bytes that stand for them.
const WINDOWS_1252: [(char, u8); 27] = [
    ('€', 0x80),
    ('‚', 0x82),
    ('ƒ', 0x83),
    ('„', 0x84),
    ('…', 0x85),
    ('†', 0x86),
    ('‡', 0x87),
    ('ˆ', 0x88),
    ('‰', 0x89),
    ('Š', 0x8a),
    ('‹', 0x8b),
    ('Œ', 0x8c),
    ('Ž', 0x8e),
    ('‘', 0x91),
    ('’', 0x92),
    ('“', 0x93),
    ('”', 0x94),
    ('•', 0x95),
    ('–', 0x96),
    ('—', 0x97),
    ('˜', 0x98),
    ('™', 0x99),
    ('š', 0x9a),
    ('›', 0x9b),
    ('œ', 0x9c),
    ('ž', 0x9e),
    ('Ÿ', 0x9f),
];

/// The byte that a character is in Windows-1252; bytes that it leaves open stand for the control characters of Latin-1.
fn byte_of(character: char) -> Option<u8> {
    match character {
        '\0'..='\u{ff}' => u8::try_from(u32::from(character)).ok(),
        _ => WINDOWS_1252.iter().find(|(own, _)| *own == character).map(|(_, byte)| *byte),
    }
}

/// The character that a byte is in Windows-1252.
pub(crate) fn character_of(byte: u8) -> char {
    WINDOWS_1252.iter().find(|(_, own)| *own == byte).map_or(char::from(byte), |(character, _)| *character)
}

/// The character that was meant by the beginning of `text`, and the bytes that it takes there: `Ã©` is é, `â€™` is ’.
fn misread(text: &str, before: Option<char>) -> Option<(char, usize)> {
    let first = text.chars().next()?;
    // Only what begins common letters, quotes, dashes and emoji: anything else may be meant as it stands.
    let length = match first {
        'Ã' | 'Â' | 'Å' => 2,
        'â' => 3,
        'ð' => 4,
        _ => return None,
    };
    let mut bytes = [0; 4];
    let mut taken = 0;
    let mut characters = text.chars();
    for byte in bytes.iter_mut().take(length) {
        let character = characters.next()?;
        *byte = byte_of(character)?;
        taken += character.len_utf8();
    }
    let meant = std::str::from_utf8(&bytes[..length]).ok()?.chars().next()?;
    // `MANHÃ”`: a capital letter before a closing quote.
    let quoted = length == 2 && before.is_some_and(char::is_uppercase) && (0x80..0xa0).contains(&bytes[1]);
    if quoted || meant.is_control() {
        return None;
    }
    // `Å“` may be a letter before a quote; together with a letter after it, it is œ.
    let open = first == 'Å' && !before.is_some_and(char::is_alphabetic) && !characters.next().is_some_and(char::is_alphabetic);
    (!open).then_some((meant, taken))
}

/// Whether `text` has letters of UTF-8 that was read as Windows-1252. Cheap for text that has none of their first letters.
pub(crate) fn is_misread(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(0xc3, bytes).any(|at| {
        let possible = bytes.get(at + 1).is_some_and(|second| matches!(second, 0x82 | 0x83 | 0x85 | 0xa2 | 0xb0));
        possible && misread(&text[at..], text[..at].chars().next_back()).is_some()
    })
}

/// Whether a character should not be in text at all.
pub(crate) fn is_unwanted(character: char) -> bool {
    character.is_control() && !matches!(character, '\t' | '\n' | '\r')
}

/// Whether `text` has control characters beyond ASCII.
pub(crate) fn has_high_controls(text: &str) -> bool {
    memchr::memchr_iter(0xc2, text.as_bytes()).any(|at| text.as_bytes().get(at + 1).is_some_and(|byte| *byte < 0xa0))
}

/// `text` as it was meant, without control characters; none where nothing is wrong with it.
pub(crate) fn repair(text: &str) -> Option<String> {
    let misread_here = is_misread(text);
    if !misread_here && !text.contains(is_unwanted) {
        return None;
    }
    let mut repaired = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let meant = if misread_here { misread(rest, repaired.chars().next_back()) } else { None };
        let taken = meant.map_or(character.len_utf8(), |(_, taken)| taken);
        let character = meant.map_or(character, |(meant, _)| meant);
        if !is_unwanted(character) {
            repaired.push(character);
        }
        rest = &rest[taken..];
    }
    (repaired != text).then_some(repaired)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads UTF-8 as Windows-1252.
    fn misread_all(text: &str) -> String {
        text.bytes().map(character_of).collect()
    }

    #[test]
    fn what_was_misread_is_repaired() {
        for text in ["café", "it’s “fine” – really…", "Grüße für Ärzte", "naïve résumé", "100 °C", "😀 ok", "œuvre", "£5 or €5"]
        {
            let wrong = misread_all(text);
            assert_ne!(wrong, text);
            assert!(is_misread(&wrong), "{wrong}");
            assert_eq!(repair(&wrong).as_deref(), Some(text), "{wrong}");
        }
    }

    #[test]
    fn good_text_is_left_alone() {
        for text in
            ["café", "it’s “fine”…", "Ärzte, Åse, Ångström", "IRMÃ” disse", "“MANHÃ…”", "Â, Ã", "château", "ça â été", "Привет", "日本"]
        {
            assert!(!is_misread(text), "{text}");
            assert_eq!(repair(text), None, "{text}");
        }
    }

    #[test]
    fn control_characters_go() {
        assert_eq!(repair("a\u{0}b\u{85}c\td\n").as_deref(), Some("abc\td\n"));
        assert!(has_high_controls("x\u{85}") && !has_high_controls("x\u{a0}é"));
    }
}
