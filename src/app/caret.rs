//! From the editor's caret to the token it stands on.

use super::Editor;
use crate::sequence::{Kind, Sequence};
use crate::template::Part;

/// A place in the text under edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Caret {
    turn: usize,
    /// Characters of the turn's text before it.
    chars: usize,
}

impl Caret {
    pub fn of(editor: &Editor) -> Self {
        let area = &editor.turns[editor.focus].area;
        let cursor = area.cursor();
        let before: usize = area.lines().iter().take(cursor.0).map(|line| line.chars().count() + 1).sum();
        Self { turn: editor.focus, chars: before + cursor.1 }
    }

    /// The token that holds the character before the caret; in a turn without content, the one that ends it.
    pub fn token(self, sequence: &Sequence) -> usize {
        let last = self.chars.saturating_sub(1);
        if sequence.kind == Kind::Text {
            return sequence.token_at_char(last);
        }
        let in_turn = |part: Part| {
            let own = move |token: &&crate::sequence::Token| token.turn == Some(self.turn) && token.part == part;
            sequence.tokens.iter().position(move |token| own(&token))
        };
        let Some(first) = in_turn(Part::Content) else {
            return in_turn(Part::Stop).unwrap_or(sequence.len());
        };
        let spans = sequence.char_spans();
        let wanted = spans[first].start + last;
        let content = (first..sequence.len())
            .take_while(|&t| sequence.tokens[t].turn == Some(self.turn) && sequence.tokens[t].part == Part::Content);
        content.take_while(|&t| spans[t].start <= wanted).last().unwrap_or(first)
    }
}
