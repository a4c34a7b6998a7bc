//! The only place that writes for a human's eyes to standard output.

use std::io::Write;

/// Writes a line. Nobody reading is not an error: there is nobody to tell.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
