//! The one cursor, and what is selected from it.

use std::ops::Range;

use super::Shared;

impl Shared {
    /// What a look at one token rests on: the token, the sample, and the model that reads it.
    pub(in crate::app) fn place(&self) -> (usize, usize, Option<String>) {
        (self.cursor, self.opened, self.analysis.model.as_ref().map(|model| model.name.clone()))
    }

    /// How many tokens the row has read that is asked for token `t`.
    pub fn read_for(&self, t: usize) -> usize {
        self.experiment.labels.row(t).map_or(0, |row| row + 1)
    }

    /// The token that row `row` is asked for.
    pub fn asked_of(&self, row: usize) -> usize {
        self.experiment.labels.target(row)
    }

    pub(in crate::app) fn move_cursor(&mut self, by: isize) {
        self.move_cursor_to(self.cursor.saturating_add_signed(by));
    }

    /// The cursor goes to token `t`, or to the token that would come next.
    pub(in crate::app) fn move_cursor_to(&mut self, t: usize) {
        self.cursor = t.min(self.len());
    }

    /// The cursor goes to the next scored token, or the one before.
    pub(in crate::app) fn move_to_scored(&mut self, by: isize) {
        let Some(mask) = self.mask() else { return };
        let to = match by {
            1.. => (self.cursor + 1..self.len()).find(|&t| mask.is_scored(t)),
            _ => (0..self.cursor).rev().find(|&t| mask.is_scored(t)),
        };
        match to {
            Some(t) => self.move_cursor_to(t),
            None => self.say("no scored token there"),
        }
    }

    /// The tokens that are selected, from where the selection began to the cursor.
    pub fn selection(&self) -> Option<Range<usize>> {
        let anchor = self.painting.anchor?;
        Some(anchor.min(self.cursor)..anchor.max(self.cursor) + 1)
    }

    /// A selection begins here, or ends.
    pub(in crate::app) fn toggle_selection(&mut self) {
        self.painting.anchor = if self.painting.anchor.is_some() { None } else { Some(self.cursor) };
    }

    /// Nothing is selected any more; whether something was.
    pub(in crate::app) fn end_selection(&mut self) -> bool {
        self.painting.anchor.take().is_some()
    }

    /// The selection goes from where it began, else from the cursor, to token `t`.
    pub(in crate::app) fn select_to(&mut self, t: usize) {
        let anchor = self.painting.anchor.unwrap_or(self.cursor);
        self.move_cursor_to(t);
        self.painting.anchor = Some(anchor.min(self.len()));
    }
}
