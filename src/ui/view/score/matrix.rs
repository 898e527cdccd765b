//! Modes and profiles × tokens: what each counts, and where it differs from the mask that counts.

mod cell;
mod figures;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::app::{Action, App, Scoring};
use crate::mask::Basis;
use crate::sequence::{Kind, Token};
use crate::ui::columns::Columns;
use crate::ui::{Hits, Theme, text};
use figures::Figures;

/// One line under the labels.
#[derive(Clone, Copy)]
enum Row<'a> {
    /// What the rows below are.
    Heading,
    /// What a mode or a profile counts; the mask that counts is the one with paint.
    Scoring(&'a Scoring),
}

/// The modes, and under a heading the profiles.
fn rows(app: &App) -> Vec<Row<'_>> {
    let mut rows = Vec::with_capacity(app.scorings.len() + 1);
    let current = app.scoring();
    for scoring in &app.scorings {
        let is_first_profile =
            matches!(scoring.basis, Basis::Profile(_)) && !rows.iter().any(|row| matches!(row, Row::Heading));
        if is_first_profile {
            rows.push(Row::Heading);
        }
        let painted = current.filter(|current| current.basis == scoring.basis);
        rows.push(Row::Scoring(painted.unwrap_or(scoring)));
    }
    rows
}

/// Columns for the mark and the rows' names, a blank before and behind them.
fn left(app: &App) -> usize {
    app.scorings.iter().map(|scoring| scoring.basis.name().width() + 3).max().unwrap_or(0)
}

/// Rows that are in sight however low the screen is, so that there is room for the loss too.
const LEAST_ROWS: usize = 6;

/// Lines without labels: roles, the cursor's mark, some rows.
pub fn least_height(app: &App) -> u16 {
    let roles = u16::from(app.sequence().kind == Kind::Chat);
    roles + 1 + u16::try_from(app.scorings.len().min(LEAST_ROWS)).unwrap_or(u16::MAX)
}

/// Lines with as many labels as there are letters and room for, at most `most`.
pub fn height(app: &App, width: u16, most: u16) -> u16 {
    let columns = columns(app, width, &Figures::of(app, width));
    let heading = heading(app, &Theme::of(app.theme, true), &columns, most).len();
    u16::try_from(heading + rows(app).len()).unwrap_or(u16::MAX).min(most)
}

/// The lines above the rows: roles, labels, marks.
fn heading(app: &App, theme: &Theme, columns: &Columns, height: u16) -> Vec<Line<'static>> {
    let mut lines: Vec<Line> = Vec::new();
    if app.sequence().kind == Kind::Chat {
        lines.push(roles(app, theme, columns));
    }
    let marks = marks(app, theme, columns);
    let taken = lines.len() + usize::from(marks.is_some()) + rows(app).len();
    lines.extend(labels(app, theme, columns, usize::from(height).saturating_sub(taken)));
    lines.extend(marks);
    lines
}

/// Draws the matrix into `area`; returns what of the rows is in sight, in words, if not all are.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) -> Option<String> {
    let figures = Figures::of(app, area.width);
    let (columns, left, all) = (columns(app, area.width, &figures), left(app), rows(app));
    let mut lines = heading(app, theme, &columns, area.height);
    // Where there is no room for both, the rows are what matters.
    lines.truncate(usize::from(area.height).saturating_sub(all.len().min(LEAST_ROWS)));
    if let Some(last) = lines.last_mut() {
        let grid = 2 + columns.shown.len() * columns.width;
        last.spans.extend(figures.heading(theme, grid.saturating_sub(last.width())));
    }
    let room = usize::from(area.height).saturating_sub(lines.len());
    let mut places = area.rows();
    for line in lines {
        frame.render_widget(indented(line, left), places.next()?);
    }
    let first = first_in_sight(app, &all, room);
    let grid = (left + 2 + columns.shown.len() * columns.width + figures.width()).min(usize::from(area.width));
    for (row, place) in all.iter().skip(first).zip(places) {
        match row {
            Row::Heading => frame.render_widget(profiles_heading(app, theme, grid), place),
            Row::Scoring(scoring) => {
                let line = scoring_line(app, theme, &columns, &figures, scoring, usize::from(area.width));
                frame.render_widget(line, place);
                hits.push(place, Action::Basis(scoring.basis));
                if scoring.mask.is_ok() {
                    push_cells(&columns, place, left, hits);
                }
            }
        }
    }
    let last = (first + room).min(all.len());
    (room < all.len()).then(|| format!("rows {}–{last} of {}", first + 1, all.len()))
}

/// The first row that is drawn: the current one stays in sight, with rows on both sides of it.
fn first_in_sight(app: &App, all: &[Row], room: usize) -> usize {
    let is_current = |row: &Row| matches!(row, Row::Scoring(scoring) if scoring.basis == app.basis());
    let current = all.iter().position(is_current).unwrap_or(0);
    current.saturating_sub(room / 2).min(all.len().saturating_sub(room))
}

/// A click on a cell goes to its token.
fn push_cells(columns: &Columns, place: Rect, left: usize, hits: &mut Hits) {
    for t in columns.shown.clone() {
        let x = columns.x_of(place.x.saturating_add(left as u16), t);
        hits.push(Rect::new(x, place.y, columns.width as u16, 1).intersection(place), Action::Goto(t));
    }
}

/// The line over the profiles: what they are, and which one counts.
fn profiles_heading(app: &App, theme: &Theme, width: usize) -> Line<'static> {
    let words = "  as trainers score it ";
    let current = match app.basis() {
        Basis::Profile(profile) => {
            format!(" {} ", text::fit_start(&profile.title, width.saturating_sub(words.len() + 4)))
        }
        _ => String::new(),
    };
    let rule = width.saturating_sub(words.width() + current.width());
    let before = rule.min(2);
    Line::from(vec![
        Span::styled(words, theme.dim),
        Span::styled("─".repeat(before), theme.border),
        Span::styled(current, theme.accent),
        Span::styled("─".repeat(rule - before), theme.border),
    ])
}

/// With room for labels where the whole text fits; else narrow, so that as much of it as can be is seen at once.
fn columns(app: &App, width: u16, figures: &Figures) -> Columns {
    let room = usize::from(width).saturating_sub(left(app) + figures.width());
    let least = match app.len() * 2 + 2 <= room {
        _ if app.is_roomy() => 3,
        true => 2,
        false => 1,
    };
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

fn scoring_line(
    app: &App,
    theme: &Theme,
    columns: &Columns,
    figures: &Figures,
    scoring: &Scoring,
    width: usize,
) -> Line<'static> {
    let is_current = scoring.basis == app.basis();
    let name = text::pad_end(&scoring.basis.name(), left(app) - 2);
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
    spans.extend(columns.line(theme, |t| cell::cell(app, theme, columns, mask, t)).spans);
    spans.extend(figures.spans(app, theme, scoring, is_current));
    Line::from(spans)
}

/// What the glyphs mean.
pub fn legend(theme: &Theme, width: usize) -> Line<'static> {
    const LEGENDS: [&str; 4] = [
        " ● scored ◐ less ◉ more · not  ■ □ painted  + only here  − only in ▸  ≠ other weight  ~ straddles two parts  ! special token typed as text ",
        " ● scored ◐ less ◉ more · not  ■ □ painted  + only here  − only in ▸  ≠ weight  ~ straddles  ! typed special ",
        " ● scored · not  ■ □ painted  + − ≠ unlike ▸  ~ straddles  ! typed ",
        " ● scored  · not  + − ≠ unlike ▸ ",
    ];
    let fitting = LEGENDS.into_iter().find(|legend| legend.width() + 4 <= width);
    fitting.map_or_else(Line::default, |legend| Line::styled(legend, theme.dim))
}
