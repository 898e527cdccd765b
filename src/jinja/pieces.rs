//! A source as the lexer cuts it, for those who rewrite it.

use std::ops::Range;

use super::Error;
use super::lexer::{Token, tokens};

/// A tag of a source, or a text between tags.
pub(crate) struct Piece {
    pub kind: PieceKind,
    /// Bytes of the source, a tag's with its delimiters.
    pub span: Range<usize>,
    /// The names, strings, numbers and operators of a tag, as bytes of the source.
    pub words: Vec<Range<usize>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// Text that is printed as it stands in the source, without what the tags around it trim.
    Text,
    Print,
    Statement,
}

/// The tags and texts of `source`, in order; comments and raw blocks are left out.
pub(crate) fn pieces(source: &str) -> Result<Vec<Piece>, Error> {
    let source = source.strip_suffix('\n').unwrap_or(source);
    let (tokens, _) = tokens(source)?;
    let mut pieces: Vec<Piece> = Vec::new();
    for (index, (token, at)) in tokens.iter().enumerate() {
        let mut begin = |kind, end: usize| pieces.push(Piece { kind, span: *at..end, words: Vec::new() });
        match token {
            Token::Data(text) if source[*at..].starts_with(text.as_str()) => begin(PieceKind::Text, at + text.len()),
            Token::Data(_) | Token::End => {}
            Token::PrintBegin => begin(PieceKind::Print, *at),
            Token::BlockBegin => begin(PieceKind::Statement, *at),
            Token::PrintEnd | Token::BlockEnd => {
                let sign = usize::from(source[*at..].starts_with(['-', '+']));
                if let Some(piece) = pieces.last_mut() {
                    piece.span.end = at + sign + 2;
                }
            }
            _ => {
                let next = tokens.get(index + 1).map_or(source.len(), |(_, next)| *next);
                if let Some(piece) = pieces.last_mut() {
                    piece.words.push(*at..at + source[*at..next].trim_end().len());
                }
            }
        }
    }
    Ok(pieces)
}
