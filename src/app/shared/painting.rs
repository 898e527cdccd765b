//! The painter: weights set by hand, what is selected for it, and the way back.

use super::Shared;
use crate::mask::Paint;
use crate::sequence::Sequence;

/// Strokes that can be taken back.
const MOST_UNDONE: usize = 64;

/// What is painted over the mask, and how it came about.
#[derive(Clone, Debug, Default)]
pub struct Painting {
    pub paint: Paint,
    /// Where the selection began; it ends at the cursor.
    pub anchor: Option<usize>,
    undo: Vec<Paint>,
    redo: Vec<Paint>,
}

impl Painting {
    /// The paint becomes this; false if it is so already.
    pub(super) fn become_(&mut self, paint: Paint) -> bool {
        if paint == self.paint {
            return false;
        }
        self.undo.push(std::mem::replace(&mut self.paint, paint));
        if self.undo.len() > MOST_UNDONE {
            self.undo.remove(0);
        }
        self.redo.clear();
        true
    }

    /// The last stroke is taken back, or with `again` the last one that was; false if there is none.
    pub(super) fn go_back(&mut self, again: bool) -> bool {
        let (from, to) = if again { (&mut self.redo, &mut self.undo) } else { (&mut self.undo, &mut self.redo) };
        let Some(paint) = from.pop() else { return false };
        to.push(std::mem::replace(&mut self.paint, paint));
        true
    }

    /// Another sequence takes the place of `before`: the paint stays on the tokens that both have.
    pub(super) fn carry(&mut self, before: &Sequence, after: &Sequence) {
        self.anchor = None;
        for paint in self.undo.iter_mut().chain(&mut self.redo).chain([&mut self.paint]) {
            if !paint.is_empty() {
                *paint = paint.carried(before, after);
            }
        }
    }
}

impl Shared {
    /// The paint becomes this, which can be taken back; false if it is so already.
    pub(in crate::app) fn paint(&mut self, paint: Paint) -> bool {
        let is_other = self.painting.become_(paint);
        if is_other {
            self.repaint();
        }
        is_other
    }

    /// The last stroke is taken back, or with `again` the last one that was; false if there is none.
    pub(in crate::app) fn unpaint(&mut self, again: bool) -> bool {
        let went = self.painting.go_back(again);
        if went {
            self.repaint();
        }
        went
    }
}
