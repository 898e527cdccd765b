//! The sequence strip: every token by its cost, and the one cursor.

mod lines;

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::theme::HEAT_LEVELS;
use super::{Hits, Theme, text, token};
use crate::app::{Action, App};

/// Rows the strip takes on a screen of that size, its frame included: more lines on a higher screen, but none empty, and
/// none at all where the view would have too few.
pub fn height(app: &App, screen: Rect) -> u16 {
    let most = match screen.height {
        0..16 => return 0,
        16..30 => 1,
        30..44 => 2,
        44..50 => 3,
        _ => 6,
    };
    let needed = lines::wrap(&widths(app), inner_width(screen.width), |_| false).len();
    2 + most.min(u16::try_from(needed).unwrap_or(most))
}

/// Draws the strip into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    if area.is_empty() {
        return;
    }
    let block = theme
        .block(title(app, usize::from(area.width)))
        .title_bottom(legend(app, theme, usize::from(area.width)).right_aligned());
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if app.is_empty() {
        let hint = if app.is_current() { "no tokens; e edits, o opens, or paste a text" } else { "" };
        frame.render_widget(Line::styled(format!(" {hint}"), theme.dim), inner);
        return;
    }
    let shown = shown(app, inner);
    let first = shown.first().map_or(0, |line| line.start);
    let end = shown.last().map_or(0, |line| line.end);
    for (line, row) in shown.into_iter().zip(inner.rows()) {
        let more = |is_there| Span::styled(if is_there { "…" } else { " " }, theme.dim);
        let before = more(line.start == first && first > 0);
        let after = more(line.end == end && end <= app.len());
        let mut spans = vec![before];
        let mut x = row.x.saturating_add(1);
        for t in line {
            let width = usize::from(row.width).saturating_sub(if app.is_roomy() { 4 } else { 2 });
            let label = token::marked_label(app, t, width);
            let label = if app.is_roomy() { format!(" {label} ") } else { label };
            let span = Span::styled(label, token::style_in_row(app, theme, t));
            let span = if t == app.len() && t != app.cursor { span.style(theme.dim) } else { span };
            let width = u16::try_from(span.width()).unwrap_or(row.width);
            hits.push(Rect::new(x, row.y, width, 1).intersection(row), Action::Goto(t));
            x = x.saturating_add(width);
            spans.push(span);
        }
        spans.push(after);
        frame.render_widget(Line::from(spans), row);
    }
}

/// The tokens on each line, the one after the last (`app.len()`) among them.
fn shown(app: &App, inner: Rect) -> Vec<Range<usize>> {
    let widths = widths(app);
    let (width, rows) = (usize::from(inner.width).saturating_sub(2), usize::from(inner.height));
    if rows == 1 {
        return vec![lines::around(&widths, app.cursor, width)];
    }
    let broken = lines::wrap(&widths, width, |t| app.analysis.labels.get(t).is_some_and(|label| label.ends_line));
    let all = if broken.len() <= rows { broken } else { lines::wrap(&widths, width, |_| false) };
    let current = all.iter().position(|line| line.contains(&app.cursor)).unwrap_or(0);
    let first = current.saturating_sub(rows / 2).min(all.len().saturating_sub(rows));
    all.into_iter().skip(first).take(rows).collect()
}

/// Columns of every token and of the place after the last.
fn widths(app: &App) -> Vec<usize> {
    let mark = |t: usize| usize::from(token::painted_glyph(app, t).is_some() || app.is_marked(t));
    let blanks = if app.is_roomy() { 2 } else { 0 };
    let labels = app.analysis.labels.iter().enumerate().map(|(t, label)| label.width.max(1) + mark(t));
    labels.chain([1]).map(|width| width + blanks).collect()
}

/// Columns for tokens in a strip so wide: without the frame and a column at either end.
fn inner_width(width: u16) -> usize {
    usize::from(width).saturating_sub(4)
}

/// The sample's name, and whether all of it is here.
fn title(app: &App, width: usize) -> String {
    let name = text::fit_end(&crate::sequence::visible_text(&app.sample_name), width / 2);
    match app.sequence().uncut_len().filter(|_| app.is_current()) {
        None => name,
        Some(tokens) => {
            let kept = text::count(app.len());
            let mut note = format!("only the first {kept} of {} tokens fit the context", text::count(tokens));
            if let Some(mask) = app.mask() {
                note.push_str(&format!(", {} scored ones are cut off", text::count(mask.lost)));
            }
            text::fit_start(&format!("{name} · {note}"), width.saturating_sub(6))
        }
    }
}

/// What colour, underline and marks mean, and what costs are to be measured by.
fn legend(app: &App, theme: &Theme, width: usize) -> Line<'static> {
    let mut scale = if theme.is_mono {
        vec![Span::styled(" dim: under 1 nat · bold: over 4 nats", theme.dim)]
    } else {
        let last = HEAT_LEVELS - 1;
        let step = |nats, style: &Style| Span::styled(format!("{nats}{}", if nats < last { ' ' } else { '+' }), *style);
        let mut scale = vec![Span::styled(" −log p ", theme.dim)];
        scale.extend(theme.heat_scale().iter().enumerate().map(|(nats, style)| step(nats, style)));
        scale.push(Span::styled(" nats", theme.dim));
        scale
    };
    let mut marks = vec![Span::styled(" · ", theme.dim)];
    marks.push(Span::styled("underlined", theme.dim.patch(theme.scored)));
    marks.push(Span::styled(": scored ", theme.dim));
    if app.mask().is_some_and(|mask| !mask.paint().is_empty()) {
        marks.push(Span::styled("■ □: painted ", theme.dim));
    }
    let Some(room) = width.checked_sub(text::width_of(&scale) + text::width_of(&marks) + 4) else {
        return Line::default();
    };
    let guessing = guessing(app).into_iter().flatten().find(|words| words.chars().count() <= room);
    scale.extend(guessing.map(|words| Span::styled(words, theme.dim)));
    Line::from_iter(scale.into_iter().chain(marks))
}

/// What the scale's end is to be measured by: ln V, the cost of a token to a model that knows nothing.
fn guessing(app: &App) -> Option<[String; 3]> {
    let tokens = app.analysis.model.as_ref().map(|model| model.vocab_size).filter(|&tokens| tokens > 1)?;
    let nats = (tokens as f64).ln();
    let count = text::count(tokens);
    Some([
        format!(" · guessing at random: ln {count} = {nats:.2}"),
        format!(" · at random: ln V {nats:.2}"),
        format!(" · ln V {nats:.2}"),
    ])
}
