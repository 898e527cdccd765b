//! A grid around the cursor: rows are the positions that predict, with what they predict and what that costs, columns
//! the tokens they read.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::{Action, App};
use crate::inspect::Pick;
use crate::mask::Visibility;
use crate::ui::columns::Columns;
use crate::ui::{Hits, Theme, text, token};

/// What stands in a cell: from the position that reads and the token that is read.
pub type Cell<'a> = dyn Fn(usize, usize) -> (&'static str, Style) + 'a;

/// Who sees whom in the layer on show.
pub fn visibility(app: &App) -> Visibility {
    let window = match app.attention_mask().0 {
        crate::mask::AttentionMask::Sliding(window) => Some(window),
        _ => None,
    };
    let experiment = &app.experiment;
    let head = match app.views.attend.pick {
        Pick::Head(head) => Some(head),
        _ => None,
    };
    let forbidden = experiment.forbidden.of_head(head);
    experiment.attention.visibility(app.sequence(), forbidden).of_layer(app.shown_layer(), window)
}

/// Columns of the grid's parts.
struct Widths {
    /// The position's digits.
    position: usize,
    /// The row's own token.
    own: usize,
    predicted: usize,
    /// What the target costs without the experiment, where one is on.
    otherwise: usize,
}

impl Widths {
    fn new(app: &App, width: usize) -> Self {
        let longest = app.analysis.labels.iter().map(|label| label.width).max().unwrap_or(0);
        let most = (width / 8).clamp(4, 16);
        Self {
            position: app.len().saturating_sub(1).to_string().len(),
            own: longest.clamp(3, most),
            predicted: longest.clamp(8, most.max(8)),
            otherwise: if app.experiment.is_on() { 8 } else { 0 },
        }
    }

    /// What stands left of the grid: mark, position, token.
    fn left(&self) -> usize {
        2 + self.position + 1 + self.own + 1
    }

    /// What stands right of it: predicted token, −log p, what it costs otherwise, whether it is scored.
    fn right(&self) -> usize {
        1 + self.predicted + 1 + 6 + self.otherwise + 2
    }
}

/// Draws the grid; returns how many rows it takes.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits, cell: &Cell<'_>) -> u16 {
    let width = usize::from(area.width);
    let widths = Widths::new(app, width);
    let query = app.crosshair_row();
    let focus = if app.crosshair_column() < query { app.crosshair_column() } else { query };
    let least = if app.is_roomy() { 4 } else { 2 };
    let columns = Columns::new(app, width.saturating_sub(widths.left() + widths.right()), least, focus);
    let labels = columns.label_rows(app, (usize::from(area.height) / 4).max(3));
    let labels = columns.labels(app, theme, labels);
    let mut rows = area.rows();
    let heading = labels.len();
    for (i, line) in labels.into_iter().enumerate() {
        let Some(row) = rows.next() else { return area.height };
        let mut spans = vec![Span::styled(heading_left(&columns, &widths, i + 1 == heading), theme.dim)];
        spans.extend(line.spans);
        if i + 1 == heading {
            let predicted = text::pad_end("predicts", widths.predicted);
            let blanks = " ".repeat(blanks_after(&columns, &widths, width));
            let otherwise = if widths.otherwise > 0 { " without" } else { "" };
            spans.push(Span::styled(format!("{blanks} {predicted} −log p{otherwise}"), theme.dim));
        }
        frame.render_widget(Line::from(spans), row);
    }
    let room = usize::from(area.height).saturating_sub(heading);
    let first = query.saturating_sub(room * 2 / 3).min(app.len().saturating_sub(room));
    let grid = Grid { app, theme, visibility: visibility(app), columns, widths, width, cell };
    for (q, row) in (first..app.len()).zip(rows) {
        frame.render_widget(grid.row(q), row);
        hits.push(row, Action::Goto(app.asked_of(q)));
    }
    let drawn = heading + room.min(app.len() - first);
    u16::try_from(drawn).unwrap_or(area.height)
}

/// How many blanks bring what is right of the grid no further than one label's width away from it.
fn blanks_after(columns: &Columns, widths: &Widths, width: usize) -> usize {
    let used = widths.left() + 2 + columns.shown.len() * columns.width + widths.right();
    width.saturating_sub(used).min(2)
}

/// Left of the labels: how many columns are left out.
fn heading_left(columns: &Columns, widths: &Widths, is_last: bool) -> String {
    let more = match columns.shown.start {
        n if n > 0 && is_last => format!("{n} more"),
        _ => String::new(),
    };
    text::pad_start(&more, widths.left())
}

/// What all rows of one grid have in common.
struct Grid<'a> {
    app: &'a App,
    theme: &'a Theme,
    visibility: Visibility,
    columns: Columns,
    widths: Widths,
    width: usize,
    cell: &'a Cell<'a>,
}

impl Grid<'_> {
    fn row(&self, q: usize) -> Line<'static> {
        let Self { app, theme, columns, widths, .. } = self;
        let target = app.asked_of(q);
        let is_cursor = target == app.cursor;
        let style = if is_cursor { theme.text.patch(theme.cursor_row) } else { theme.text };
        let mark = if is_cursor { "▸ " } else { "  " };
        let own = text::pad_end(&token::label(app, q, widths.own), widths.own);
        let mut spans = vec![
            Span::styled(mark, theme.accent),
            Span::styled(format!("{q:>0$} ", widths.position), if is_cursor { style } else { theme.dim }),
            Span::styled(format!("{own} "), style),
        ];
        let crosshair = (is_cursor && app.crosshair_column() != q).then(|| app.crosshair_column());
        let cell = |key: usize| {
            let (glyph, style) = (self.cell)(q, key);
            columns.cell(glyph, if crosshair == Some(key) { style.patch(theme.cursor) } else { style })
        };
        spans.extend(columns.line(theme, cell).spans);
        spans.push(Span::raw(" ".repeat(blanks_after(columns, widths, self.width) + 1)));
        if target > q && self.visibility.documents.starts_at(target) && target < app.len() {
            spans.push(Span::styled("the document ends", theme.dim));
        } else if target < app.len() {
            spans.extend(self.target(target, style));
        } else {
            spans.push(Span::styled("what comes next", theme.dim));
        }
        Line::from(spans)
    }

    /// What a row predicts, and what that costs.
    fn target(&self, target: usize, style: Style) -> Vec<Span<'static>> {
        let Self { app, theme, widths, .. } = self;
        let predicted = text::pad_end(&token::label(app, target, widths.predicted), widths.predicted);
        let written = |nll: Option<f64>| nll.map_or_else(|| "–".into(), |nll| format!("{nll:.3}"));
        let nll = app.analysis.scores.nll(target);
        let is_scored = app.mask().is_some_and(|mask| mask.is_scored(target));
        let heat = nll.map_or(theme.dim, |nll| theme.heat(nll));
        let mut spans =
            vec![Span::styled(format!("{predicted} "), style), Span::styled(format!("{:>6}", written(nll)), heat)];
        if widths.otherwise > 0 {
            let otherwise = app.analysis.contrast.get(target).copied().flatten();
            spans.push(Span::styled(format!("{:>1$}", written(otherwise), widths.otherwise), theme.dim));
        }
        spans.push(Span::styled(if is_scored { " ●" } else { "  " }, style));
        spans
    }
}
