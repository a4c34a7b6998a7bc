//! A part of an object.

use std::ops::Range;

/// Which bytes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// From this offset to the end.
    From(u64),
    /// From the first offset to the second, both included.
    Between(u64, u64),
    /// The last so many.
    Last(u64),
}

impl ByteRange {
    /// Reads the value of a `Range` header. None where it is not one plain range of bytes: then all of the object is to be sent.
    pub fn parse(header: &str) -> Option<Self> {
        let (first, last) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
        let number = |text: &str| text.trim().parse::<u64>().ok();
        match (first.trim(), last.trim()) {
            ("", last) => number(last).map(Self::Last),
            (first, "") => number(first).map(Self::From),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::Between(first, last))
            }
        }
    }

    /// The offsets in an object of `size` bytes. None where it has none of them.
    pub fn resolve(self, size: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::From(first) => first..size,
            Self::Between(first, last) => first..last.saturating_add(1).min(size),
            Self::Last(count) => size.saturating_sub(count)..size,
        };
        (!range.is_empty()).then_some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::ByteRange;

    #[test]
    fn a_header_becomes_offsets() {
        let resolve = |header: &str| ByteRange::parse(header).and_then(|r| r.resolve(10));
        assert_eq!(resolve("bytes=0-3"), Some(0..4));
        assert_eq!(resolve("bytes=4-"), Some(4..10));
        assert_eq!(resolve("bytes=-3"), Some(7..10));
        assert_eq!(resolve("bytes=-30"), Some(0..10));
        assert_eq!(resolve("bytes=8-99"), Some(8..10));
        for unusable in ["bytes=10-", "bytes=-0", "bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b", ""] {
            assert_eq!(resolve(unusable), None, "{unusable}");
        }
    }
}
