//! The ways to begin, on the first screen of a program that was started with nothing.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Hits, Theme};
use crate::app::{Action, App, Context, WAYS, keymap};

/// Rows of the screen that the view needs beside it.
const LEAST: u16 = 20;

/// Rows it takes: one for each way, none once something was done, or where the view would have too few.
pub fn height(app: &App, screen: Rect) -> u16 {
    let is_shown = app.welcomes && app.overlay.is_none() && screen.height >= LEAST;
    if is_shown { u16::try_from(WAYS.len()).unwrap_or(0) } else { 0 }
}

/// Draws a way in each row of `area`; a click on it is its key.
pub fn draw(theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    for (&(command, words), row) in WAYS.iter().zip(area.rows()) {
        let Some(key) = keymap::told(Context::Views, command, None).and_then(|binding| binding.keys.first()) else {
            continue;
        };
        let line = Line::from(vec![
            Span::styled(format!("  {key}"), theme.accent),
            Span::styled(format!("  {words}"), theme.text),
        ]);
        frame.render_widget(line, row);
        hits.push(row, Action::Do(command));
    }
    if let Some(row) = area.rows().next_back() {
        frame.render_widget(Line::styled("any other key: this sample ", theme.dim).right_aligned(), row);
    }
}
