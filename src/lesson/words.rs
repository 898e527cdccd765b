//! A text with live values in it.

use super::expression::{Expression, Values};
use super::quantity::Quantity;

/// A text in which `{…}` stands for a live value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Words(Vec<Piece>);

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Live(Expression),
}

impl Words {
    /// Reads a text. A number with a point that does not stand between braces is refused: it would be true of one model.
    ///
    /// # Errors
    /// What cannot be read, in words.
    pub fn parse(text: &str, kept: &[String]) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            pieces.push(plain(before)?);
            let (live, behind) =
                behind.split_once('}').ok_or_else(|| format!("a brace opens and never closes: {{{behind}"))?;
            pieces.push(Piece::Live(Expression::parse(live, kept)?));
            rest = behind;
        }
        pieces.push(plain(rest)?);
        Ok(Self(pieces))
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Text(text) if text.trim().is_empty()))
    }

    /// Its length in characters, about: a live value counts as six.
    pub fn length(&self) -> usize {
        let length = |piece: &Piece| match piece {
            Piece::Text(text) => text.chars().count(),
            Piece::Live(_) => 6,
        };
        self.0.iter().map(length).sum()
    }

    /// The text with its values as they are now; what is not known is an ellipsis.
    pub fn fill(&self, values: &dyn Values) -> String {
        let filled = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Live(expression) => expression.value(values).map_or_else(|| "…".into(), |value| value.text()),
        };
        self.0.iter().map(filled).collect()
    }

    /// Whether every value in it is known.
    pub fn is_known(&self, values: &dyn Values) -> bool {
        let is_known = |piece: &Piece| match piece {
            Piece::Text(_) => true,
            Piece::Live(expression) => expression.value(values).is_some(),
        };
        self.0.iter().all(is_known)
    }

    /// The live values in it.
    pub fn quantities(&self) -> impl Iterator<Item = &Quantity> {
        self.0.iter().flat_map(|piece| match piece {
            Piece::Text(_) => Vec::new(),
            Piece::Live(expression) => expression.quantities(),
        })
    }
}

fn plain(text: &str) -> Result<Piece, String> {
    if text.contains('}') {
        return Err(format!("a brace closes that never opened: {text}"));
    }
    let digits = text.as_bytes();
    let is_digit = |at: usize| digits.get(at).is_some_and(u8::is_ascii_digit);
    let pointed = (1..digits.len()).find(|&at| digits[at] == b'.' && is_digit(at - 1) && is_digit(at + 1));
    if let Some(at) = pointed {
        let start = (0..at).rev().take_while(|&i| is_digit(i)).last().unwrap_or(at);
        let end = (at + 1..digits.len()).take_while(|&i| is_digit(i)).last().unwrap_or(at);
        let number = &text[start..=end];
        return Err(format!(
            "{number} is written by hand: name a live value between braces, or an example as {{{number}}}"
        ));
    }
    Ok(Piece::Text(text.to_owned()))
}
