//! How tokens are written on screen, computed once a sequence.

use unicode_width::UnicodeWidthStr;

use crate::sequence::{Sequence, visible};

/// A token as it is written, with its width in columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    pub text: String,
    pub width: usize,
    /// The token ends a line of the text.
    pub ends_line: bool,
}

/// The labels of a sequence, by token.
pub(super) fn written(sequence: &Sequence) -> Vec<Label> {
    let label = |bytes: &[u8]| {
        let text = visible(bytes);
        Label { width: text.width(), text, ends_line: bytes.ends_with(b"\n") }
    };
    sequence.tokens.iter().map(|token| label(&token.bytes)).collect()
}
