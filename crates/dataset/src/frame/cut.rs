//! Finding the end of a JSON value without parsing it.

/// How far a cut has come through its value.
pub(super) struct Cut {
    open: u8,
    close: u8,
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl Cut {
    /// At the opening bracket of an object or array.
    pub(super) fn brackets(open: u8, close: u8) -> Self {
        Self { open, close, depth: 0, in_text: false, escaped: false }
    }

    /// After the opening quote of a text.
    pub(super) fn text() -> Self {
        Self { open: 0, close: 0, depth: 0, in_text: true, escaped: false }
    }

    /// Bytes of `data` that belong to the value, and whether it ends there.
    pub(super) fn scan(&mut self, data: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while at < data.len() {
            if self.escaped {
                self.escaped = false;
                at += 1;
            } else if self.in_text {
                let Some(found) = memchr::memchr2(b'"', b'\\', &data[at..]) else { return (data.len(), false) };
                at += found + 1;
                if data[at - 1] == b'\\' {
                    self.escaped = true;
                } else {
                    self.in_text = false;
                    if self.depth == 0 {
                        return (at, true);
                    }
                }
            } else {
                // Brackets of the other kind need not be counted: the parser checks the whole value afterwards.
                let Some(found) = memchr::memchr3(b'"', self.open, self.close, &data[at..]) else { return (data.len(), false) };
                at += found + 1;
                match data[at - 1] {
                    b'"' => self.in_text = true,
                    byte if byte == self.open => self.depth += 1,
                    _ => {
                        self.depth -= 1;
                        if self.depth == 0 {
                            return (at, true);
                        }
                    }
                }
            }
        }
        (at, false)
    }
}
