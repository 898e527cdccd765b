//! The view Score: every mode and profile over the same tokens, and what the mask that counts comes to.
//!
//! ```text
//! matrix: modes and profiles × tokens
//! tabs: loss, labels, gradient, findings
//! the token under the cursor | the panel chosen
//! ```
//! In a narrow terminal the panel stands under the token, in a wide one all but one of them stand side by side.

mod facts;
mod findings;
mod gradient;
mod labels;
mod ledger;
mod matrix;
mod packing;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use crate::app::{Action, App, ScorePanel};
use crate::ui::{Hits, Theme, empty};

/// From this width on token and panel stand side by side, and from this on loss and labels beside the panel.
const WIDE: u16 = 100;
const WIDEST: u16 = 150;
/// Lines of a panel at least, before the token is told about in full.
const LEAST: usize = 5;

/// Lines below the tabs at least, so that the matrix keeps its place from panel to panel.
const LEAST_BELOW: u16 = 6;

/// Draws the view into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let mut block = theme.block("Score: what counts");
    if !app.is_empty() {
        block = block.title_bottom(matrix::legend(theme, usize::from(area.width)).right_aligned());
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if app.is_empty() {
        frame.render_widget(empty::line(app, theme), inner);
        return;
    }
    if app.hides_mask() {
        let words = " Hidden until the guess: which tokens are scored, under any mask.";
        return frame.render_widget(Line::styled(words, theme.warning), inner);
    }
    let least = matrix::least_height(app);
    let room = inner.height.saturating_sub(least + 1);
    let columns = columns(app, inner.width);
    let width = usize::from(inner.width) / columns.len().max(1);
    let spare = inner.height.saturating_sub(matrix::height(app, inner.width, inner.height) + 2);
    let labels = labels::WANTED.max(usize::from(spare));
    let column_lines =
        |column: &Vec<Piece>| lines(app, theme, column, width.saturating_sub(2), usize::from(room), labels);
    let columns: Vec<Vec<Told>> = columns.iter().map(column_lines).collect();
    let below =
        u16::try_from(columns.iter().map(Vec::len).max().unwrap_or(0)).unwrap_or(u16::MAX).max(LEAST_BELOW).min(room);
    let high = matrix::height(app, inner.width, inner.height.saturating_sub(below + 1));
    let gap = u16::from(high + below + 1 < inner.height);
    let [matrix, _, tabs, below] = Layout::vertical([
        Constraint::Length(high),
        Constraint::Length(gap),
        Constraint::Length(1),
        Constraint::Length(below),
    ])
    .areas(inner);
    let in_sight = matrix::draw(app, theme, frame, matrix, hits);
    draw_tabs(app, theme, frame, tabs, in_sight, hits);
    let places = Layout::horizontal(vec![Constraint::Fill(1); columns.len()]).split(below);
    for (column, place) in columns.into_iter().zip(places.iter()) {
        write(frame, *place, column, hits);
    }
}

/// A line below the matrix, and the token that a click on it goes to.
type Told = (Line<'static>, Option<usize>);

/// Lines that no click goes anywhere from.
fn told(lines: Vec<Line<'static>>) -> Vec<Told> {
    lines.into_iter().map(|line| (line, None)).collect()
}

/// What stands in a column below the matrix, from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Token,
    Panel(ScorePanel),
    /// Where the current profile was read from.
    Source,
}

/// The columns below the matrix.
fn columns(app: &App, width: u16) -> Vec<Vec<Piece>> {
    let panel = Piece::Panel(app.views.score.panel);
    match width {
        WIDEST.. => {
            let last = match app.views.score.panel {
                ScorePanel::Findings | ScorePanel::Packing => panel,
                _ => Piece::Panel(ScorePanel::Gradient),
            };
            let first = vec![Piece::Token, Piece::Panel(ScorePanel::Ledger), Piece::Source];
            vec![first, vec![Piece::Panel(ScorePanel::Labels)], vec![last]]
        }
        WIDE.. => vec![vec![Piece::Token, Piece::Source], vec![panel]],
        _ => vec![vec![Piece::Token, panel]],
    }
}

/// What a column says in at most `room` lines, the labels in no more than `labels` of them.
fn lines(app: &App, theme: &Theme, column: &[Piece], width: usize, room: usize, labels: usize) -> Vec<Told> {
    let mut lines = Vec::new();
    for piece in column {
        let room = room.saturating_sub(lines.len());
        lines.extend(match piece {
            Piece::Token => told(token_lines(app, theme, width, room, column)),
            Piece::Source => told(facts::source_lines(app, theme, width)),
            Piece::Panel(ScorePanel::Ledger) => told(ledger::lines_in(app, theme, width, room)),
            Piece::Panel(ScorePanel::Labels) => labels::lines(app, theme, width, room.min(labels)),
            Piece::Panel(ScorePanel::Gradient) => told(gradient::lines(app, theme, width, room.min(gradient::WANTED))),
            Piece::Panel(ScorePanel::Findings) => findings::lines(app, theme, width, room),
            Piece::Panel(ScorePanel::Packing) => packing::lines(app, theme, width, room),
        });
    }
    lines
}

/// Lines, one column in.
fn write(frame: &mut Frame, area: Rect, lines: Vec<Told>, hits: &mut Hits) {
    for ((line, goes_to), row) in lines.into_iter().zip(area.rows()) {
        let indented = Rect { x: row.x.saturating_add(1), width: row.width.saturating_sub(1), ..row };
        frame.render_widget(line, indented.intersection(row));
        if let Some(t) = goes_to {
            hits.push(row, Action::Goto(t));
        }
    }
}

/// The token under the cursor; where a panel below it has too little room, what it is alone.
fn token_lines(app: &App, theme: &Theme, width: usize, room: usize, column: &[Piece]) -> Vec<Line<'static>> {
    let mut lines = facts::lines(app, theme, width);
    let is_short = matches!(column, [_, Piece::Panel(panel)] if *panel != ScorePanel::Ledger);
    if is_short && lines.len() + LEAST > room {
        lines.truncate(1);
    }
    lines
}

/// The names of the panels, each to be clicked, and which rows of the matrix are in sight.
fn draw_tabs(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, in_sight: Option<String>, hits: &mut Hits) {
    let mut line = Line::from(Span::raw(" "));
    for &panel in app.score_panels() {
        let style = if panel == app.views.score.panel { theme.accent.patch(theme.scored) } else { theme.dim };
        let count = if panel == ScorePanel::Findings { findings::count(app) } else { String::new() };
        let x = area.x.saturating_add(u16::try_from(line.width()).unwrap_or(u16::MAX));
        line.push_span(Span::styled(panel.title(), style));
        if !count.is_empty() {
            let style = if count.contains("major") { theme.error } else { theme.warning };
            line.push_span(Span::styled(format!(" {count}"), style));
        }
        let end = area.x.saturating_add(u16::try_from(line.width()).unwrap_or(u16::MAX));
        let tab = Rect { x, y: area.y, width: end.saturating_sub(x), height: 1 };
        hits.push(tab.intersection(area), Action::ShowPanel(panel as usize));
        line.push_span(Span::raw("  "));
    }
    let room = usize::from(area.width).saturating_sub(line.width());
    frame.render_widget(line, area);
    if let Some(words) = in_sight.filter(|words| words.chars().count() < room) {
        frame.render_widget(Line::styled(format!("{words} "), theme.dim).right_aligned(), area);
    }
}
