//! The view Compare: a second model on the same text, stretch by stretch.

mod table;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use crate::app::{App, Progress};
use crate::compare::{Comparison, Stretch};
use crate::engine::FreeText;
use crate::sequence::{Sequence, visible, visible_text};
use crate::ui::{Hits, Theme, empty, text};

/// Columns from which on table and tokens stand side by side.
const SIDE_BY_SIDE: u16 = 100;

/// Draws the view into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let comparing = &app.comparing;
    let block = theme.block(title(app));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let inner = Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(2), ..inner };
    let width = usize::from(inner.width);
    let Some(comparison) = comparing.comparison() else {
        for (line, row) in instead(app, theme, width).into_iter().zip(inner.rows()) {
            frame.render_widget(line, row);
        }
        return;
    };
    let mut top = totals(app, theme, comparison, width);
    top.extend(written(app, theme, width, usize::from(inner.height)));
    top.push(Line::default());
    let rows = u16::try_from(top.len()).unwrap_or(u16::MAX).min(inner.height);
    let [head, rest] = Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]).areas(inner);
    for (line, row) in top.into_iter().zip(head.rows()) {
        frame.render_widget(line, row);
    }
    let [left, right] = if area.width >= SIDE_BY_SIDE {
        Layout::horizontal([Constraint::Percentage(60), Constraint::Fill(1)]).spacing(2).areas(rest)
    } else {
        let below = rest.height.min(6).min(rest.height / 2);
        Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]).areas(rest)
    };
    table::draw(app, theme, comparison, frame, left, hits);
    for (line, row) in under_cursor(app, theme, comparison, usize::from(right.width)).into_iter().zip(right.rows()) {
        frame.render_widget(line, row);
    }
}

fn title(app: &App) -> String {
    let name = |name: &str| text::fit_start(&visible_text(name), 24);
    let first = app.analysis.model.as_ref().map_or_else(|| app.source().name(), |model| model.name.clone());
    match &app.comparing.source {
        None => "Compare: a second model on the same text".into(),
        Some(second) => format!("Compare: A {} · B {}", name(&first), name(&second.name())),
    }
}

/// What there is to say while there is nothing to compare.
fn instead(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let comparing = &app.comparing;
    if app.is_empty() {
        return empty::lines(app, theme);
    }
    if comparing.source.is_none() {
        let words = "M chooses a model to set beside this one, b sets a base model beside what chats made of it. Both read \
                     the same text; wherever both end a token, their −log p are set against each other, and bits per byte \
                     over the same bytes say which expects it more.";
        return text::wrap(words, width).into_iter().map(|line| Line::styled(line, theme.text)).collect();
    }
    if let Some(Err(problem)) = &comparing.outcome {
        return said(problem, theme.error, width);
    }
    match &comparing.analysis.progress {
        Progress::Failed(problem) => said(problem, theme.error, width),
        Progress::Loading { name, opening } => said(&opening.text(name), theme.warning, width),
        Progress::Cancelled => said("stopped; R scores again", theme.warning, width),
        _ => said("waiting for the second model", theme.dim, width),
    }
}

fn said(words: &str, style: ratatui::style::Style, width: usize) -> Vec<Line<'static>> {
    text::wrap(&visible_text(words), width).into_iter().map(|line| Line::styled(line, style)).collect()
}

/// Bits per byte of both, and what is not in them.
fn totals(app: &App, theme: &Theme, comparison: &Comparison, width: usize) -> Vec<Line<'static>> {
    let comparing = &app.comparing;
    let mut lines = Vec::new();
    if let Progress::Failed(problem) = &comparing.analysis.progress {
        lines.extend(said(problem, theme.error, width));
    }
    let is_whole = app.is_complete() && comparing.analysis.is_complete();
    lines.push(match comparison.bits_per_byte().filter(|_| is_whole) {
        None if !is_whole => {
            let done = |scores: usize, tokens: usize| format!("{}/{}", text::count(scores), text::count(tokens));
            let first = done(app.analysis.scores.len(), app.len());
            let second = done(comparing.analysis.scores.len(), comparing.analysis.sequence.len());
            Line::styled(format!("scoring: A {first} · B {second} tokens"), theme.warning)
        }
        None => Line::styled("no stretch that both masks score: there is no total", theme.warning),
        Some([a, b]) => Line::from(vec![
            Span::styled(format!("bits per byte over {} bytes  ", text::count(comparison.bytes)), theme.dim),
            Span::styled(format!("A {a:.4}"), theme.text),
            Span::styled(format!("  B {b:.4}"), theme.text),
            Span::styled(format!("  B − A {}", text::signed(b - a)), direction(theme, b - a)),
        ]),
    });
    for note in &comparison.notes {
        lines.extend(said(note, theme.dim, width));
    }
    lines
}

/// What both wrote by themselves, each in a line or a few where there is room.
fn written(app: &App, theme: &Theme, width: usize, height: usize) -> Vec<Line<'static>> {
    let Some(both) = app.written_freely(app.training.step) else { return Vec::new() };
    let most = if height > 16 { 3 } else { 1 };
    let of = |(name, written): (&str, &Option<Result<FreeText, String>>)| {
        let (words, style) = match written {
            None => ("…".to_owned(), theme.dim),
            Some(Ok(FreeText { text, is_ended })) => {
                (format!("{text}{}", if *is_ended { " ■" } else { " …" }), theme.text)
            }
            Some(Err(why)) => (why.clone(), theme.error),
        };
        let words = format!("{name} writes: {}", visible_text(words.trim_start()));
        let lines = text::wrap(&words, width);
        match lines.len() > most {
            true => text::wrap(&text::fit_start(&words, most * width - most), width),
            false => lines,
        }
        .into_iter()
        .take(most)
        .map(move |line| Line::styled(line, style))
        .collect::<Vec<_>>()
    };
    ["A", "B"].into_iter().zip(both).flat_map(of).collect()
}

/// What costs B more is a rise, what costs it less a fall.
fn direction(theme: &Theme, difference: f64) -> ratatui::style::Style {
    if difference > 0.0 { theme.rise } else { theme.fall }
}

/// How each model cuts the stretch under the cursor, and what each of its tokens costs.
fn under_cursor(app: &App, theme: &Theme, comparison: &Comparison, width: usize) -> Vec<Line<'static>> {
    if app.cursor >= app.len() {
        return said("the text ends here: there is nothing to compare with what would come next", theme.dim, width);
    }
    let Some(stretch) = comparison.at(app.cursor) else {
        let words = "the token under the cursor is in no stretch: the two models do not both end a token here, or what it \
                     says is the template's";
        return said(words, theme.dim, width);
    };
    let mut lines = verdict(stretch, theme, width);
    for (k, name) in ["A", "B"].into_iter().enumerate() {
        let (sequence, scores) = match k {
            0 => (app.sequence(), &app.analysis.scores),
            _ => (&*app.comparing.analysis.sequence, &app.comparing.analysis.scores),
        };
        let count = stretch.tokens[k].len();
        let tokens = if count == 1 { "token" } else { "tokens" };
        lines.push(Line::styled(format!("{name}: {} {tokens}", text::count(count)), theme.dim));
        for t in stretch.tokens[k].clone() {
            let cost = scores.nll(t).map_or_else(|| "–".into(), |nll| format!("{nll:.3}"));
            let label = text::fit_start(&visible(&sequence.tokens[t].bytes), width.saturating_sub(12));
            let heat = scores.nll(t).map_or(theme.dim, |nll| if theme.is_mono { theme.text } else { theme.heat(nll) });
            lines.push(Line::from(vec![
                Span::styled(format!("  {}", text::pad_end(&label, width.saturating_sub(12).min(24))), theme.text),
                Span::styled(format!("{cost:>8}"), heat),
            ]));
        }
    }
    lines
}

fn verdict(stretch: &Stretch, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let Some(difference) = stretch.difference() else {
        return said("not predicted, or not scored yet", theme.dim, width);
    };
    let words = match difference {
        0.0 => "both expect it alike".to_owned(),
        more if more > 0.0 => format!("A gives it {} times the probability", times(more)),
        less => format!("B gives it {} times the probability", times(-less)),
    };
    let counts = if stretch.counts { "" } else { "; outside the masks or special, so not in the total" };
    said(&format!("{words}{counts}"), direction(theme, difference), width)
}

/// e to the difference, as far as it says something.
fn times(difference: f64) -> String {
    match difference.exp() {
        times if times < 10.0 => format!("{times:.2}"),
        times if times < 1e6 => text::count(times.round() as usize),
        times => format!("{times:.0e}"),
    }
}

/// A stretch as it is written on screen.
fn label(sequence: &Sequence, stretch: &Stretch, width: usize) -> String {
    text::fit_start(&visible(&sequence.text.as_bytes()[stretch.span.clone()]), width)
}
