//! The lesson's panel, or that of a guess: beside the view where there is room, else under it.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Hits, Theme, bar, footer, input_line, text};
use crate::app::{App, Context, Sitting, Stage, keymap};
use crate::lesson::{Ask, Table};
use crate::sequence::visible_text;

/// Columns of the screen from which on the panel stands beside the view.
const BESIDE: u16 = 110;
/// Columns of the panel under a view from which on a table stands beside the text.
const TABLE_BESIDE: u16 = 76;
/// Columns of that table.
const TABLE: u16 = 36;
/// Rows that the view keeps at least where the panel is under it.
const LEAST_VIEW: u16 = 7;

/// The panel's place and what is left for the view; no place where there is neither lesson nor guess.
pub fn split(app: &App, area: Rect) -> (Rect, Rect) {
    if !is_there(app) {
        return (Rect::default(), area);
    }
    if area.width >= BESIDE {
        let width = (area.width / 3).clamp(44, 60);
        let [view, panel] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(width)]).areas(area);
        return (panel, view);
    }
    let inner = area.width.saturating_sub(4);
    let (left, table) = columns(app, Rect { width: inner, ..area });
    let lines = lines(app, &Theme::of(app.theme, app.unicode), usize::from(left.width), false).len();
    let table = if table.width > 0 { table_of(app).map_or(0, table_height) } else { 0 };
    let needed = u16::try_from(lines).unwrap_or(u16::MAX).max(table).saturating_add(2);
    let height = needed.min(area.height.saturating_sub(LEAST_VIEW)).max(area.height.min(3));
    let [view, panel] = Layout::vertical([Constraint::Fill(1), Constraint::Length(height)]).areas(area);
    (panel, view)
}

/// Whether there is something to draw.
fn is_there(app: &App) -> bool {
    sitting(app).is_some() || app.guess.is_some()
}

fn sitting(app: &App) -> Option<&Sitting> {
    app.lesson.as_deref().filter(|sitting| sitting.is_on())
}

/// Draws the panel into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    if area.is_empty() {
        return;
    }
    let title = match sitting(app) {
        Some(sitting) => {
            let (at, of) = (sitting.at + 1, sitting.lesson.steps.len());
            format!("{at} of {of} · {}", visible_text(&sitting.step().title))
        }
        None => "Guess first".into(),
    };
    let block =
        theme.block(text::fit_start(&title, usize::from(area.width).saturating_sub(6))).border_style(theme.accent);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let inner = Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(2), ..inner };
    let (left, table) = columns(app, inner);
    let is_beside = frame.area().width >= BESIDE;
    let mut lines = lines(app, theme, usize::from(left.width), is_beside);
    let room = usize::from(left.height);
    if lines.len() > room {
        // What there is to do stays in sight; the text is cut.
        let ask = ask_lines(app, theme, usize::from(left.width));
        let kept = room.saturating_sub(ask.len());
        lines.truncate(kept);
        lines.extend(ask);
    }
    let end = u16::try_from(lines.len()).unwrap_or(left.height).min(left.height);
    for (line, row) in lines.into_iter().zip(left.rows()) {
        frame.render_widget(line, row);
    }
    if let Some((sitting, own)) = sitting(app).zip(table_of(app)) {
        let below = Rect { y: left.y + end.saturating_add(1), height: left.height.saturating_sub(end + 1), ..left };
        draw_table(sitting, own, theme, frame, if table.width > 0 { table } else { below.intersection(inner) });
    }
    draw_keys(app, theme, frame, area, hits);
}

/// The lesson's keys, in the panel's lower edge.
fn draw_keys(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let context = match app.context() {
        Context::Taught(_) => Context::Lesson,
        context @ (Context::Answer | Context::Pointing) => context,
        _ => return,
    };
    let keys: Vec<_> = keymap::bindings(context).filter(|binding| !binding.short.is_empty()).collect();
    let width: usize = keys.iter().map(|key| Line::raw(key.short).width() + 3).sum::<usize>().saturating_sub(3);
    let width = u16::try_from(width).unwrap_or(u16::MAX).min(area.width.saturating_sub(6));
    let row = Rect { x: area.right().saturating_sub(width + 3), y: area.bottom().saturating_sub(1), width, height: 1 };
    let blank = Rect { x: row.x.saturating_sub(1), width: row.width + 2, ..row };
    frame.render_widget(Span::raw(" ".repeat(usize::from(blank.width))), blank.intersection(area));
    footer::draw_keys(&keys, theme, frame, row.intersection(area), false, hits);
}

/// What the panel says, in lines of at most `width` columns; with a blank line between text and question if `apart`.
fn lines(app: &App, theme: &Theme, width: usize, apart: bool) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Some(words) = app.lesson_text() {
        lines.extend(wrapped(&words, width, theme.text));
    }
    let ask = ask_lines(app, theme, width);
    if apart && !ask.is_empty() && !lines.is_empty() {
        lines.push(Line::default());
    }
    lines.extend(ask);
    lines
}

/// What the reader is to do, what is typed, and what came of it.
fn ask_lines(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let guessing = app.guess.as_ref().filter(|guessing| guessing.is_asking());
    let sitting = sitting(app);
    let is_asking = guessing.is_some() || sitting.is_some_and(|sitting| sitting.stage == Stage::Asking);
    let ask = app.lesson_ask().or_else(|| guessing.map(|guessing| guessing.guess.prompt().to_owned()));
    match sitting {
        _ if is_asking => lines.extend(ask.iter().flat_map(|ask| marked("▸ ", ask, width, theme.accent))),
        Some(sitting) if sitting.is_busy() => lines.push(Line::styled("one moment …", theme.dim)),
        _ => {}
    }
    let typed = match (guessing, sitting) {
        (Some(guessing), _) => Some(&guessing.line).filter(|_| app.context() == Context::Answer),
        (None, Some(sitting)) => Some(&sitting.line).filter(|_| sitting.is_typing()),
        (None, None) => None,
    };
    if let Some(line) = typed {
        let typed = input_line::spans(theme, line, width.saturating_sub(3).max(2));
        lines.push(Line::from_iter([Span::styled(" > ", theme.accent)].into_iter().chain(typed)));
    }
    if let Some(sitting) = sitting.filter(|sitting| sitting.stage == Stage::Met) {
        if let Some(told) = &sitting.told {
            lines.extend(marked("● ", &visible_text(told), width, theme.target));
        } else if app.lesson_ask().is_some() {
            lines.extend(marked("● ", "Done.", width, theme.target));
        }
        let end = if sitting.is_last() { "enter ends the lesson" } else { "enter goes on" };
        lines.extend(marked("▸ ", end, width, theme.accent));
    }
    lines
}

/// Words with a mark before their first line.
fn marked(mark: &'static str, words: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    let mut lines = wrapped(words, width.saturating_sub(2), style);
    for (i, line) in lines.iter_mut().enumerate() {
        line.spans.insert(0, Span::styled(if i == 0 { mark } else { "  " }, style));
    }
    lines
}

fn wrapped(words: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    text::wrap(&visible_text(words), width.max(1))
        .into_iter()
        .map(|line| Line::from(Span::styled(line, style)))
        .collect()
}

/// The table that the step is about.
fn table_of(app: &App) -> Option<&Table> {
    sitting(app)?.table.as_ref()
}

/// Rows that it takes: a heading, the candidates, and the sum.
fn table_height(table: &Table) -> u16 {
    u16::try_from(table.candidates.len()).unwrap_or(u16::MAX).saturating_add(2)
}

/// The columns of text and table; the table has none where it stands below.
fn columns(app: &App, area: Rect) -> (Rect, Rect) {
    if table_of(app).is_none() || area.width < TABLE_BESIDE - 4 {
        return (area, Rect::default());
    }
    let [left, _, right] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(2), Constraint::Length(TABLE)]).areas(area);
    (left, right)
}

/// The example: each candidate's y, its p, and what it adds to the cross-entropy.
fn draw_table(sitting: &Sitting, table: &Table, theme: &Theme, frame: &mut Frame, area: Rect) {
    let is_editing = sitting.is_typing() && matches!(sitting.step().ask, Ask::Edit { .. });
    let width = usize::from(area.width);
    let bars = width.saturating_sub(30);
    let heading = format!("  {}  y     p  {} −y·log p", text::pad_end("example", 8), text::pad_end("", bars));
    let mut lines = vec![Line::styled(text::fit_start(&heading, width), theme.dim)];
    for (i, (word, p)) in table.candidates.iter().enumerate() {
        let is_target = i == table.target;
        let is_chosen = is_editing && i == sitting.row;
        let style = if is_target { theme.target } else { theme.text };
        let cost = if is_target { format!("{:.2}", -p.ln()) } else { "0".into() };
        lines.push(Line::from(vec![
            Span::styled(if is_chosen { "▸ " } else { "  " }, theme.accent),
            Span::styled(text::pad_end(&visible_text(word), 8), style),
            Span::styled(format!("  {}  {p:>4.2}  ", u8::from(is_target)), style),
            Span::styled(text::pad_end(&bar::lying(*p, bars), bars), theme.bar),
            Span::styled(format!(" {cost:>8}"), style),
        ]));
    }
    lines.push(Line::styled(
        format!("  sum: −log {:.2} = {:.2} nats", table.candidates[table.target].1, table.loss()),
        theme.accent,
    ));
    for (line, row) in lines.into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
}
