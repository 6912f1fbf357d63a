//! Text that grows line by line.

use std::fmt::Write as _;

/// Appends `content` and a line end.
pub fn push_line(text: &mut String, content: &str) {
    writeln!(text, "{content}").expect("writing to a string cannot fail");
}
