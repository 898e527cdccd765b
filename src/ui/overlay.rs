//! What lies over the views, each under the name of its room in `app::overlay`.

pub mod editor;
mod hand_out;
mod handover;
mod help;
mod picker;
mod records;
mod save;
mod settings;
mod slow_step;
mod weight;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::{Hits, Theme};
use crate::app::{App, Overlay};

/// Draws what is open into `area`, all above the footer; an editor has a place of its own.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, editor: Rect, hits: &mut Hits) {
    let draw = match &app.overlay {
        None => return,
        Some(Overlay::Editor(_)) => return editor::draw(app, theme, frame, editor, hits),
        Some(Overlay::Help { .. }) => help::draw,
        Some(Overlay::Picker(_)) => picker::draw,
        Some(Overlay::Settings(_)) => settings::draw,
        Some(Overlay::Save { .. }) => save::draw,
        Some(Overlay::HandOut { .. }) => hand_out::draw,
        Some(Overlay::Handover(_)) => handover::draw,
        Some(Overlay::Records) => records::draw,
        Some(Overlay::SlowStep(_)) => slow_step::draw,
        Some(Overlay::Weight { .. }) => weight::draw,
    };
    hits.cover(area);
    draw(app, theme, frame, area, hits);
}
