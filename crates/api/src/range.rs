//! The `Range` header (RFC 9110, section 14), one range at most.

use http::HeaderMap;
use http::header::RANGE;

/// Which bytes of an object are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All of them.
    All,
    /// Those from `from` up to, and without, `to`.
    Part {
        /// First byte.
        from: u64,
        /// One after the last.
        to: u64,
    },
}

/// Which bytes of an object of `size` bytes a request wants; none where it has no such part. What cannot be understood, and more than
/// one range, stands for all of it, as the standard allows.
pub fn wanted(headers: &HeaderMap, size: u64) -> Option<Wanted> {
    let Some(spec) = headers.get(RANGE).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("bytes=")) else {
        return Some(Wanted::All);
    };
    let Some((first, last)) = spec.split_once('-') else { return Some(Wanted::All) };
    let (from, to) = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(from), Ok(last)) if last >= from => (from, last.saturating_add(1).min(size)),
        (Ok(from), Err(_)) if last.trim().is_empty() => (from, size),
        (Err(_), Ok(count)) if first.trim().is_empty() && count > 0 => (size.saturating_sub(count), size),
        _ => return Some(Wanted::All),
    };
    (from < to).then_some(Wanted::Part { from, to })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(range: &str) -> Option<Wanted> {
        let headers = [(RANGE, range.parse().expect("a header"))].into_iter().collect();
        wanted(&headers, 100)
    }

    #[test]
    fn reads_ranges_as_the_standard_says() {
        assert_eq!(wanted(&HeaderMap::new(), 100), Some(Wanted::All));
        assert_eq!(of("bytes=0-9"), Some(Wanted::Part { from: 0, to: 10 }));
        assert_eq!(of("bytes=90-"), Some(Wanted::Part { from: 90, to: 100 }));
        assert_eq!(of("bytes=-10"), Some(Wanted::Part { from: 90, to: 100 }));
        assert_eq!(of("bytes=50-500"), Some(Wanted::Part { from: 50, to: 100 }));
        assert_eq!(of("bytes=100-"), None);
        assert_eq!(of("bytes=0-1,5-6"), Some(Wanted::All));
        assert_eq!(of("lines=1-2"), Some(Wanted::All));
    }
}
