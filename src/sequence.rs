//! The token sequence every view shows.

mod vocabulary;

use std::ops::Range;

pub use vocabulary::{Vocabulary, VocabularyError};

use crate::template::Part;

/// One token of a [`Sequence`].
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub id: u32,
    /// The bytes the token stands for; a part of a character where the tokenizer cuts inside one.
    pub bytes: Vec<u8>,
    /// Bytes of [`Sequence::text`].
    pub span: Range<usize>,
    /// Index of the message, `None` outside messages and in raw text.
    pub turn: Option<usize>,
    pub role: Option<String>,
    /// Where the token's first character comes from; see `overlaps` for the rest.
    pub part: Part,
    /// Further parts the token reaches into: not empty for a straddler.
    pub overlaps: Vec<Part>,
    /// Whether the tokenizer lists the id as special.
    pub special: bool,
    /// A special token that came from text a user typed.
    pub injected: bool,
    /// Overlaps a `{% generation %}` span.
    pub generation: bool,
}
