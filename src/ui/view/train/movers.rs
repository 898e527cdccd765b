//! Which tokens cost less or more than they did under the base weights, scored or not.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::app::{self, Action, App, Mover, Movers, TrainingData};
use crate::loss::Means;
use crate::ui::{Hits, Theme, text, token};

/// Columns from which on falls and rises stand side by side.
const SIDE_BY_SIDE: u16 = 72;
/// Columns of a label that are enough to know a token by.
const SHORT: usize = 6;
/// Columns of the change in numbers, with the blank before it.
const CHANGE: usize = 8;

/// The steps that are compared.
pub fn detail(app: &App) -> Option<String> {
    let first = if app.training.twin.is_some() { "of the first, " } else { "" };
    ends(app).map(|(from, to)| format!("{first}step {} → {}", text::count(from.step), text::count(to.step)))
}

/// The base weights' frame and the one shown, once there are two.
fn ends(app: &App) -> Option<(&app::Frame, &app::Frame)> {
    let (from, to) = (app.training.film.frames.first()?, app.training.frame()?);
    (from.step < to.step).then_some((from, to))
}

/// Draws the movers into `area`; a click on one moves the cursor there.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let Some((from, to)) = ends(app) else {
        let words = text::wrap("nothing moved yet: the film begins with these weights", usize::from(area.width));
        for (line, row) in words.into_iter().zip(area.rows()) {
            frame.render_widget(Line::styled(line, theme.dim), row);
        }
        return;
    };
    let summary = u16::from(area.height >= 4);
    let [rows, words] = Layout::vertical([Constraint::Fill(1), Constraint::Length(summary)]).areas(area);
    frame.render_widget(bystanders(app, theme, from, to, usize::from(area.width)), words);
    let movers = Movers::new(app.len(), &from.scores, &to.scores, 2 * usize::from(rows.height));
    if area.width >= SIDE_BY_SIDE {
        let halves = [Constraint::Fill(1), Constraint::Length(2), Constraint::Fill(1)];
        let [left, _, right] = Layout::horizontal(halves).areas(rows);
        // Where there are none of one kind the others go on.
        let split = |all: &[Mover]| all.len().min(usize::from(rows.height));
        let (falls, rises) = match (movers.falls.as_slice(), movers.rises.as_slice()) {
            (all, []) | ([], all) => all.split_at(split(all)),
            both => both,
        };
        draw_list(app, theme, frame, left, hits, falls);
        draw_list(app, theme, frame, right, hits, rises);
        return;
    }
    // Half of the rows for each, and what one does not need for the other.
    let height = usize::from(rows.height);
    let rises =
        movers.rises.len().min(height / 2).max(height.saturating_sub(movers.falls.len())).min(movers.rises.len());
    let falls = movers.falls.iter().take(height - rises);
    let all: Vec<Mover> = falls.chain(movers.rises.iter().take(rises)).copied().collect();
    draw_list(app, theme, frame, rows, hits, &all);
}

/// Columns of a list's parts.
struct Widths {
    label: usize,
    /// Of −log p.
    value: usize,
    has_change: bool,
    has_words: bool,
}

impl Widths {
    fn new(app: &App, movers: &[Mover], width: usize) -> Self {
        let labels = movers.iter().filter_map(|mover| app.analysis.labels.get(mover.token));
        let longest = labels.map(|label| label.width).max().unwrap_or(1);
        let values = movers.iter().flat_map(|mover| [mover.from, mover.to]).map(|nll| format!("{nll:.3}").len());
        let value = values.max().unwrap_or(1);
        // Mark, two values and an arrow; what follows is worth a cut label, though not a label without a meaning.
        let left = width.saturating_sub(2 + 1 + value + 3 + value);
        let words = 1 + unscored(app).len();
        let has_words = left >= words + longest.min(SHORT);
        let left = if has_words { left - words } else { left.saturating_sub(2) };
        let has_change = left >= longest + CHANGE;
        let left = if has_change { left - CHANGE } else { left };
        Self { label: longest.min(left), value, has_change, has_words }
    }
}

fn draw_list(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits, movers: &[Mover]) {
    let shown = &movers[..movers.len().min(usize::from(area.height))];
    let widths = Widths::new(app, shown, usize::from(area.width));
    for (mover, row) in shown.iter().zip(area.rows()) {
        frame.render_widget(line(app, theme, mover, &widths), row);
        hits.push(row, Action::Goto(mover.token));
    }
}

fn line(app: &App, theme: &Theme, mover: &Mover, widths: &Widths) -> Line<'static> {
    let (mark, style) = if mover.change() < 0.0 { ("▼ ", theme.fall) } else { ("▲ ", theme.rise) };
    let is_scored = app.mask().is_some_and(|mask| mask.is_scored(mover.token));
    let own = if is_scored { theme.text.patch(theme.scored) } else { theme.text };
    let own = if mover.token == app.cursor { own.patch(theme.cursor) } else { own };
    let name = token::label(app, mover.token, widths.label);
    let blanks = " ".repeat(widths.label.saturating_sub(name.width()));
    let (from, to, value) = (mover.from, mover.to, widths.value);
    let mut spans = vec![Span::styled(mark, style), Span::styled(name, own), Span::raw(blanks)];
    spans.push(Span::styled(format!(" {from:>value$.3} → {to:>value$.3}"), theme.text));
    if widths.has_change {
        spans.push(Span::styled(format!(" {:>1$}", text::signed(mover.change()), CHANGE - 1), style));
    }
    let (words, style) = match (is_scored, widths.has_words) {
        (true, true) => ("scored", theme.text),
        (false, true) => (unscored(app), theme.dim),
        (true, false) => ("●", theme.text),
        (false, false) => ("·", theme.dim),
    };
    spans.push(Span::styled(format!(" {words}"), style));
    Line::from(spans)
}

/// What is said of a token that the mask on screen leaves out: that it was never scored is known only where the steps
/// were taken on this text under one mask.
fn unscored(app: &App) -> &'static str {
    let training = &app.training;
    let changed = |what: &str| training.changes.iter().any(|change| change.what.starts_with(what));
    let is_known = training.data == TrainingData::Screen && !changed("mask ") && !changed("on ");
    if is_known { "never scored" } else { "unscored" }
}

/// What became of all that is not scored: it moves all the same.
fn bystanders(app: &App, theme: &Theme, from: &app::Frame, to: &app::Frame, width: usize) -> Line<'static> {
    let Some(mask) = app.mask() else { return Line::default() };
    let (before, after) = (Means::new(mask, &from.scores), Means::new(mask, &to.scores));
    let (Some(before), Some(after)) = (before.unscored, after.unscored) else {
        return Line::styled(text::fit_start("every target is scored", width), theme.dim);
    };
    let count = app.sequence().target_count() - mask.scored();
    let (mark, style): (&str, Style) = if after < before { ("▼", theme.fall) } else { ("▲", theme.rise) };
    let words = format!(" {} {}: mean {before:.3} → {after:.3}", text::count(count), unscored(app));
    let change = format!(" {}", text::signed(after - before));
    let mut line = Line::from(vec![Span::styled(mark, style), Span::styled(words, theme.text)]);
    for span in [Span::styled(change, style), Span::styled(" moved all the same", theme.dim)] {
        if line.width() + span.width() <= width {
            line.push_span(span);
        }
    }
    line
}
