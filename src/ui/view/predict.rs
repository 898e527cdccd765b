//! The view Predict: what teacher forcing feeds the model, what it predicted, what each token cost.

mod bars;
mod facts;
mod table;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use crate::app::App;
use crate::sequence::visible_text;
use crate::ui::{Hits, Theme, empty, text};

/// Columns from which on table and distribution stand side by side.
const SIDE_BY_SIDE: u16 = 100;

/// Columns from which on bars and facts stand side by side in a low panel.
const PARTED: u16 = 76;
/// Rows in which a panel holds bars and facts only side by side.
const LOW: u16 = 7;
/// Lines of facts where cells are few and wide: what the target costs, and what that makes of the loss.
const ROOMY_FACTS: u16 = 2;
/// Rows of the table and of the panel with one line of content.
const LEAST_TABLE: u16 = 4;
const LEAST_PANEL: u16 = 3;

/// Draws the view into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    if app.is_empty() {
        return draw_empty(app, theme, frame, area);
    }
    let [left, right] = if area.width >= SIDE_BY_SIDE {
        Layout::horizontal([Constraint::Percentage(57), Constraint::Fill(1)]).areas(area)
    } else {
        // A row at least, below frame and heading, and a candidate.
        let table = ((area.height * 9 + 10) / 20).max(LEAST_TABLE).min(area.height.saturating_sub(LEAST_PANEL));
        Layout::vertical([Constraint::Length(table), Constraint::Fill(1)]).areas(area)
    };
    table::draw(app, theme, frame, left, hits);
    draw_panel(app, theme, frame, right);
}

/// The distribution that predicts the token under the cursor, and what follows from it.
fn draw_panel(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let shown =
        Line::styled(format!(" top {} · T = {} ", app.views.predict.top_k, app.views.predict.temperature), theme.dim);
    let block =
        theme.block(panel_title(app, usize::from(area.width).saturating_sub(6))).title_bottom(shown.right_aligned());
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let inner = Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(2), ..inner };
    if app.is_roomy() && area.height >= LOW {
        let [top, bottom] = Layout::vertical([Constraint::Fill(1), Constraint::Length(ROOMY_FACTS)]).areas(inner);
        bars::draw(app, theme, frame, top);
        facts::draw(app, theme, frame, bottom);
        return;
    }
    if area.height < LOW && area.width < PARTED - 20 {
        return bars::draw(app, theme, frame, inner);
    }
    if (area.width >= PARTED && area.height < 24) || area.height < LOW {
        let halves = [Constraint::Percentage(50), Constraint::Length(2), Constraint::Fill(1)];
        let [left, _, right] = Layout::horizontal(halves).areas(inner);
        bars::draw(app, theme, frame, left);
        facts::draw(app, theme, frame, right);
        return;
    }
    let facts = u16::try_from(facts::lines(app, theme, usize::from(inner.width)).len()).unwrap_or(u16::MAX);
    let bars = bars::height(app).min(inner.height.saturating_sub(facts + 1).max(inner.height / 3));
    let [top, _, bottom] =
        Layout::vertical([Constraint::Length(bars), Constraint::Length(1), Constraint::Fill(1)]).areas(inner);
    bars::draw(app, theme, frame, top);
    facts::draw(app, theme, frame, bottom);
}

fn panel_title(app: &App, width: usize) -> String {
    if app.cursor == 0 {
        return text::fit_start("Before the first token", width);
    }
    let read = app.read_for(app.cursor).min(app.len());
    let prefix = visible_text(app.sequence().input_so_far(read, width));
    let room = width.saturating_sub("After “”".chars().count());
    let is_cut = app.sequence().input_so_far(read, width + 1).len() > app.sequence().input_so_far(read, width).len();
    let prefix = text::fit_end(&if is_cut { format!("…{prefix}") } else { prefix }, room);
    format!("After “{prefix}”")
}

/// What there is to do where there is nothing to show.
fn draw_empty(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let block = theme.block("Teacher forcing");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    for (line, row) in empty::lines(app, theme).into_iter().zip(inner.rows()) {
        frame.render_widget(line, row);
    }
}
