//! What each layer would predict: its hidden states read through the final norm and the head.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::{waiting, write};
use crate::app::{Action, App};
use crate::inspect::Depth;
use crate::ui::columns::Columns;
use crate::ui::{Hits, Theme, text, token};

/// Columns of a token at least.
const CELL: usize = 9;
/// Columns from which on the cursor's column stands beside the grid.
const SIDE_BY_SIDE: u16 = 110;
/// Columns of what stands left of the grid.
const LEFT: usize = 9;
/// Rows that the grid or the list has at least: its heading and three layers.
const LEAST: usize = 4;

/// Draws the panel into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let width = usize::from(area.width).saturating_sub(2);
    let Some(depth) = app.seen_layers() else { return write(frame, area, waiting(app, theme, width)) };
    if area.width >= SIDE_BY_SIDE {
        let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(52)]).areas(area);
        draw_grid(app, theme, frame, left, hits, depth);
        let mut lines = verdict(app, theme, depth, 50);
        lines.push(Line::default());
        lines.extend(column(app, theme, depth, 50, usize::from(area.height).saturating_sub(lines.len())));
        return write(frame, right, lines);
    }
    let mut words = verdict(app, theme, depth, width);
    words.truncate(usize::from(area.height).saturating_sub(LEAST));
    let room = area.height - words.len() as u16;
    let grid = stacked(room, depth.layers.len());
    let [above, middle, below] =
        Layout::vertical([Constraint::Length(grid), Constraint::Fill(1), Constraint::Length(words.len() as u16)])
            .areas(area);
    draw_grid(app, theme, frame, above, hits, depth);
    let list = Rect { y: middle.y + 1, height: middle.height.saturating_sub(1), ..middle };
    write(frame, list.intersection(middle), column(app, theme, depth, width, usize::from(list.height)));
    write(frame, below, words);
}

/// Of `room` rows, those of the grid where the cursor's column stands under it; all where there is no room for both.
fn stacked(room: u16, layers: usize) -> u16 {
    let wanted = u16::try_from(layers + 1).unwrap_or(u16::MAX);
    let grid = wanted.min(room.div_ceil(2).max(LEAST as u16));
    if room.saturating_sub(grid) > LEAST as u16 { grid } else { room }
}

/// Rows are layers, columns tokens: what the layer puts first, in the colour of what the true token costs there.
fn draw_grid(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits, depth: &Depth) {
    let fitting = (usize::from(area.width).saturating_sub(LEFT + 3) / CELL).max(1);
    let columns = Columns::new(app, fitting * CELL + 2, CELL, app.cursor.min(app.len().saturating_sub(1)));
    let layers = depth.layers.len();
    let room = usize::from(area.height).saturating_sub(1);
    let first = (app.shown_layer() + 1).saturating_sub(room / 2).min(layers.saturating_sub(room));
    let head = |t: usize| {
        let style = if t == app.cursor { theme.cursor } else { theme.dim };
        columns.cell(token::label(app, t, columns.width - 1), style)
    };
    let mut lines = vec![with_left(Span::styled(text::pad_end("true", LEFT), theme.dim), columns.line(theme, head))];
    for layer in (first..layers).take(room).map(|layer| layer + 1) {
        let cell = |t: usize| {
            let Some(row) = depth.predicting(layer, t) else { return columns.cell("", theme.dim) };
            let top = row.top.first().map_or_else(String::new, |top| app.token_label(top.id));
            let style = row.target.map_or(theme.dim, |target| theme.heat(target.nll));
            let style =
                if row.target.is_some_and(|target| target.rank == 1) { style.patch(theme.scored) } else { style };
            let written = text::pad_end(&text::fit_start(&top, columns.width - 1), columns.width - 1);
            columns.cell(written, style)
        };
        let style = if layer == app.shown_layer() + 1 { theme.accent } else { theme.dim };
        let left = Span::styled(text::pad_end(&format!("after {layer}"), LEFT), style);
        lines.push(with_left(left, columns.line(theme, cell)));
    }
    for row in area.rows() {
        for t in columns.shown.clone() {
            let x = columns.x_of(row.x + 1 + LEFT as u16, t);
            hits.push(Rect { x, width: columns.width as u16, ..row }.intersection(row), Action::Goto(t));
        }
    }
    write(frame, area, lines);
}

fn with_left(left: Span<'static>, line: Line<'static>) -> Line<'static> {
    Line::from_iter(std::iter::once(left).chain(line.spans))
}

/// Where the token under the cursor is decided, and how far early layers are to be believed.
fn verdict(app: &App, theme: &Theme, depth: &Depth, width: usize) -> Vec<Line<'static>> {
    let quoted = || format!("\"{}\"", token::label(app, app.cursor, 24));
    let is_last = app.cursor >= app.len();
    let decided = match depth.decided(app.cursor) {
        _ if is_last => "the text ends here: there is no true token to look for".to_owned(),
        _ if app.cursor == 0 => "nothing predicts the first token".to_owned(),
        Some(layer) => format!("{} is first after layer {layer} and from there on: decided there", quoted()),
        None => format!("{} is never first for good: the model would say something else", quoted()),
    };
    let read = "cells: what each layer puts first, in the colour of what the true token costs there; underlined where it \
                is first. Read through the final head; early layers were never trained for that.";
    let lines = text::wrap(&decided, width).into_iter().map(|line| Line::styled(line, theme.text));
    lines.chain(text::wrap(read, width).into_iter().map(|line| Line::styled(line, theme.dim))).collect()
}

/// The cursor's column: −log p of the true token after every layer, and what is likeliest there. Where there is no room
/// for all of them, layers from the first to the last at even distances.
fn column(app: &App, theme: &Theme, depth: &Depth, width: usize, room: usize) -> Vec<Line<'static>> {
    let (layers, room) = (depth.layers.len(), room.saturating_sub(1).max(1));
    let shown = (1..=room.min(layers)).map(|i| if layers <= room { i } else { (i * layers).div_ceil(room) });
    let mut lines = vec![Line::styled(format!("{:<9}{:>8}  most likely", "layer", "−log p"), theme.dim)];
    for layer in shown {
        let Some(row) = depth.predicting(layer, app.cursor) else { continue };
        let nll = row.target.map(|target| target.nll);
        let written = nll.map_or_else(|| "–".into(), |nll| format!("{nll:.3}"));
        let top: Vec<String> =
            row.top.iter().take(3).map(|c| format!("{} {:.2}", app.token_label(c.id), c.p)).collect();
        lines.push(Line::from(vec![
            Span::styled(format!("after {layer:<3}"), theme.dim),
            Span::styled(format!("{written:>8}"), nll.map_or(theme.dim, |nll| theme.heat(nll))),
            Span::styled(format!("  {}", text::fit_start(&top.join(" · "), width.saturating_sub(20))), theme.text),
        ]));
    }
    lines
}
