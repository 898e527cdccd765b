//! From the editor's caret to the token it stands on.

use crate::app::Editor;
use crate::sequence::{Kind, Sequence};
use crate::template::Part;

/// A place in the text under edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) struct Caret {
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

/// The token of `new` that is where token `t` is in `old`: the same sample, read by another model.
pub(super) fn same_place(old: &Sequence, t: usize, new: &Sequence) -> usize {
    let Some(token) = old.tokens.get(t) else { return new.len() };
    if new.kind == Kind::Text {
        return new.token_at_char(old.chars_before(t));
    }
    // Templates differ, turns and their parts do not.
    let is_same = |other: &crate::sequence::Token| other.turn == token.turn && other.part == token.part;
    let first = |sequence: &Sequence| sequence.tokens.iter().position(is_same);
    let (Some(from), Some(to)) = (first(old), first(new)) else { return t.min(new.len()) };
    let (before, after) = (old.char_spans(), new.char_spans());
    let wanted = after[to].start + before[t].start.saturating_sub(before[from].start);
    let part = (to..new.len()).take_while(|&u| is_same(&new.tokens[u]));
    part.take_while(|&u| after[u].start <= wanted).last().unwrap_or(to)
}
