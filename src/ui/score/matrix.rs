//! Modes × tokens: what each mode counts, and where it differs from the current one.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::app::{Action, App, Scoring};
use crate::mask::LossMask;
use crate::sequence::{Kind, Token};
use crate::ui::columns::Columns;
use crate::ui::{Hits, Theme, text};

/// Columns for the loss at least, two blanks before it included.
const LOSS: usize = 8;
/// Columns of the screen below which the differences in numbers are left out.
const NARROW: u16 = 56;

/// Columns for the mark and the modes' names, a blank before and behind them.
fn left(app: &App) -> usize {
    app.scorings.iter().map(|scoring| scoring.mode.to_string().width() + 3).max().unwrap_or(0)
}

/// How wide the figures right of the grid are, blanks before them included.
struct Figures {
    count: usize,
    /// 0 where there is no room.
    difference: usize,
    loss: usize,
}

impl Figures {
    fn of(app: &App, width: u16) -> Self {
        let differences = app.scorings.iter().filter_map(|scoring| scoring.mask.as_ref().ok());
        let widest = differences.map(|mask| difference(mask, app.mask()).width()).max().unwrap_or(0);
        Self {
            count: app.len().to_string().len().max("scored".len()) + 1,
            difference: if width < NARROW { 0 } else { widest.max(3) + 2 },
            loss: app.scorings.iter().map(|scoring| loss(app, scoring).width() + 2).max().unwrap_or(0).max(LOSS),
        }
    }

    fn width(&self) -> usize {
        self.count + self.difference + self.loss
    }
}

/// Modes that are in sight however low the screen is, so that there is room for the loss too.
const LEAST_MODES: usize = 6;

/// Rows without labels: roles, the cursor's mark, some modes.
pub fn least_height(app: &App) -> u16 {
    let roles = u16::from(app.sequence().kind == Kind::Chat);
    roles + 1 + u16::try_from(app.scorings.len().min(LEAST_MODES)).unwrap_or(u16::MAX)
}

/// Rows with as many labels as there are letters and room for, at most `most`.
pub fn height(app: &App, width: u16, most: u16) -> u16 {
    let heading = heading(app, &Theme::of(app.theme, true), &columns(app, width), most).len();
    u16::try_from(heading + app.scorings.len()).unwrap_or(u16::MAX).min(most)
}

/// The lines above the modes: roles, labels, marks.
fn heading(app: &App, theme: &Theme, columns: &Columns, height: u16) -> Vec<Line<'static>> {
    let mut lines: Vec<Line> = Vec::new();
    if app.sequence().kind == Kind::Chat {
        lines.push(roles(app, theme, columns));
    }
    let marks = marks(app, theme, columns);
    let taken = lines.len() + usize::from(marks.is_some()) + app.scorings.len();
    lines.extend(labels(app, theme, columns, usize::from(height).saturating_sub(taken)));
    lines.extend(marks);
    lines
}

/// Draws the matrix into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let columns = columns(app, area.width);
    let (figures, left) = (Figures::of(app, area.width), left(app));
    let mut lines = heading(app, theme, &columns, area.height);
    // Where there is no room for both, the modes are what matters.
    lines.truncate(usize::from(area.height).saturating_sub(app.scorings.len().min(LEAST_MODES)));
    if let Some(last) = lines.last_mut() {
        let grid = 2 + columns.shown.len() * columns.width;
        let count = (figures.count + grid).saturating_sub(last.width());
        last.spans.push(Span::styled(format!("{:>count$}", "scored"), theme.dim));
        last.spans.push(Span::styled(format!("{:>1$}", "loss", figures.difference + figures.loss), theme.dim));
    }
    let room = usize::from(area.height).saturating_sub(lines.len());
    let mut rows = area.rows();
    for line in lines {
        let Some(row) = rows.next() else { return };
        frame.render_widget(indented(line, left), row);
    }
    // Where not even they all fit, the current one stays in sight.
    let current = app.scorings.iter().position(|scoring| scoring.mode == app.mode()).unwrap_or(0);
    let first = (current + 1).saturating_sub(room);
    for (scoring, row) in app.scorings.iter().skip(first).zip(rows) {
        frame.render_widget(mode_line(app, theme, &columns, &figures, scoring, usize::from(area.width)), row);
        hits.push(row, Action::Mode(scoring.mode));
        if scoring.mask.is_ok() {
            for t in columns.shown.clone() {
                let x = columns.x_of(row.x.saturating_add(left as u16), t);
                hits.push(Rect::new(x, row.y, columns.width as u16, 1).intersection(row), Action::Goto(t));
            }
        }
    }
}

/// With room for labels where the whole text fits; else narrow, so that as much of it as can be is seen at once.
fn columns(app: &App, width: u16) -> Columns {
    let room = usize::from(width).saturating_sub(left(app) + Figures::of(app, width).width());
    let least = if app.len() * 2 + 2 <= room { 2 } else { 1 };
    Columns::new(app, room, least, app.cursor)
}

fn indented(line: Line<'static>, left: usize) -> Line<'static> {
    let mut spans = vec![Span::raw(" ".repeat(left))];
    spans.extend(line.spans);
    Line::from(spans)
}

/// Whose turn the columns belong to: the role's name where its turn starts, as far as it fits.
fn roles(app: &App, theme: &Theme, columns: &Columns) -> Line<'static> {
    let tokens = &app.sequence().tokens;
    let turn = |t: usize| tokens.get(t).map(|token| (token.turn, token.role.as_deref()));
    let mut spans = vec![Span::raw(" ")];
    let mut t = columns.shown.start;
    while t < columns.shown.end {
        let end = (t..columns.shown.end).find(|&other| turn(other) != turn(t)).unwrap_or(columns.shown.end);
        let width = (end - t) * columns.width;
        let role = tokens.get(t).and_then(|token| token.role.as_deref()).unwrap_or("template");
        let name = text::fit_start(&crate::sequence::visible_text(role), width.saturating_sub(2));
        let rule = "─".repeat(width.saturating_sub(name.width() + 2));
        let style =
            if tokens.get(t).is_some_and(|token| token.turn == current_turn(app)) { theme.accent } else { theme.dim };
        spans.push(Span::styled(if width > 0 { "├" } else { "" }, theme.border));
        spans.push(Span::styled(name, style));
        spans.push(Span::styled(if width > 1 { format!("{rule} ") } else { rule }, theme.border));
        t = end;
    }
    Line::from(spans)
}

fn current_turn(app: &App) -> Option<usize> {
    app.sequence().tokens.get(app.cursor).and_then(|token| token.turn)
}

/// Labels above the columns; where these are too narrow, the one under the cursor spelled out.
fn labels(app: &App, theme: &Theme, columns: &Columns, rows: usize) -> Vec<Line<'static>> {
    if columns.width >= 2 && rows >= 1 {
        let rows = columns.label_rows(app, rows.min(9));
        if rows >= 3 || columns.label_rows(app, 1) == columns.label_rows(app, 9) {
            return columns.labels(app, theme, rows);
        }
    }
    if !columns.shown.contains(&app.cursor) {
        return vec![Line::default()];
    }
    let before = 1 + (app.cursor - columns.shown.start) * columns.width;
    let label = format!("▼ {}", crate::ui::token::label(app, app.cursor, 24));
    let room = 2 + columns.shown.len() * columns.width;
    if before + label.width() <= room {
        return vec![Line::from(vec![Span::raw(" ".repeat(before)), Span::styled(label, theme.accent)])];
    }
    let label = format!("{} ▼", crate::ui::token::label(app, app.cursor, 24));
    vec![Line::from(Span::styled(text::pad_start(&label, before + 1), theme.accent))]
}

/// A line of marks over tokens that straddle two parts and over special tokens that a user typed; none if there are
/// none in sight.
fn marks(app: &App, theme: &Theme, columns: &Columns) -> Option<Line<'static>> {
    let tokens = &app.sequence().tokens;
    let is_marked = |t: usize| tokens.get(t).is_some_and(|token| mark(token) != " ");
    columns
        .shown
        .clone()
        .any(is_marked)
        .then(|| columns.line(theme, |t| columns.cell(tokens.get(t).map_or(" ", mark), theme.warning)))
}

fn mark(token: &Token) -> &'static str {
    match token {
        token if token.injected => "!",
        token if !token.overlaps.is_empty() => "~",
        _ => " ",
    }
}

fn mode_line(
    app: &App,
    theme: &Theme,
    columns: &Columns,
    figures: &Figures,
    scoring: &Scoring,
    width: usize,
) -> Line<'static> {
    let is_current = scoring.mode == app.mode();
    let name = text::pad_end(&scoring.mode.to_string(), left(app) - 2);
    let name_style = if is_current { theme.accent } else { theme.text };
    let mut spans =
        vec![Span::styled(if is_current { "▸ " } else { "  " }, theme.accent), Span::styled(name, name_style)];
    let mask = match &scoring.mask {
        Ok(mask) => mask,
        Err(error) => {
            spans.push(Span::styled(text::fit_start(&format!(" {error}"), width.saturating_sub(left(app))), theme.dim));
            return Line::from(spans);
        }
    };
    let current = app.mask();
    spans.extend(columns.line(theme, |t| cell(app, theme, columns, mask, current, t)).spans);
    let style = if is_current { theme.text.patch(theme.cursor_row) } else { theme.text };
    spans.push(Span::styled(format!("{:>1$}", mask.scored(), figures.count), style));
    if figures.difference > 0 {
        let difference = difference(mask, current);
        spans.push(Span::styled(text::pad_start(&difference, figures.difference), theme.warning));
    }
    spans.push(Span::styled(format!("{:>1$}", loss(app, scoring), figures.loss), style));
    Line::from(spans)
}

fn loss(app: &App, scoring: &Scoring) -> String {
    match &scoring.ledger {
        Some(ledger) if app.is_current() => {
            ledger.loss(app.denominator).map_or_else(|| "undefined".into(), |loss| format!("{loss:.3}"))
        }
        _ => "–".into(),
    }
}

/// Whether the mode counts token `t`: `+` and `−` where it does otherwise than the current mode.
fn cell(
    app: &App,
    theme: &Theme,
    columns: &Columns,
    mask: &LossMask,
    current: Option<&LossMask>,
    t: usize,
) -> Vec<Span<'static>> {
    let is_scored = mask.is_scored(t);
    let differs = current.is_some_and(|current| current.is_scored(t) != is_scored);
    let (glyph, style): (_, Style) = match (is_scored, differs) {
        (true, false) => ("●", theme.text),
        (false, false) => ("·", theme.dim),
        (true, true) => ("+", theme.warning),
        (false, true) => ("−", theme.warning),
    };
    columns.cell(glyph, if t == app.cursor { style.patch(theme.cursor) } else { style })
}

/// How many tokens more and fewer a mask counts than the current one.
fn difference(mask: &LossMask, current: Option<&LossMask>) -> String {
    let Some(current) = current else { return String::new() };
    let (mut more, mut fewer) = (0, 0);
    for t in 0..mask.weights().len() {
        match (mask.is_scored(t), current.is_scored(t)) {
            (true, false) => more += 1,
            (false, true) => fewer += 1,
            _ => {}
        }
    }
    match (more, fewer) {
        (0, 0) => String::new(),
        (more, 0) => format!("+{more}"),
        (0, fewer) => format!("−{fewer}"),
        (more, fewer) => format!("+{more}−{fewer}"),
    }
}

/// What the glyphs mean.
pub fn legend(theme: &Theme, width: usize) -> Line<'static> {
    const LEGENDS: [&str; 3] = [
        " ● scored  · not  + only here  − only in ▸  ~ straddles two parts  ! special token typed as text ",
        " ● scored  · not  + only here  − only in ▸  ~ straddles  ! typed special ",
        " ● scored  · not  + − unlike ▸ ",
    ];
    let fitting = LEGENDS.into_iter().find(|legend| legend.width() + 4 <= width);
    fitting.map_or_else(Line::default, |legend| Line::styled(legend, theme.dim))
}
