//! The views, each under the name of its room in `app::view`.

mod attend;
mod compare;
mod generate;
mod predict;
mod score;
mod train;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::{Hits, Theme};
use crate::app::{App, View};

/// Draws `view` into `area`.
pub fn draw(view: View, app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let draw = match view {
        View::Predict => predict::draw,
        View::Attend => attend::draw,
        View::Score => score::draw,
        View::Train => train::draw,
        View::Compare => compare::draw,
        View::Generate => generate::draw,
    };
    draw(app, theme, frame, area, hits);
}
