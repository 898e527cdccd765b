//! The most likely next tokens as bars, the target marked even where it is not among them.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::app::App;
use crate::loss::{Candidate, Distribution};
use crate::ui::{Theme, bar, text};

/// Columns below which the target's arrow stands without the word.
const NARROW: u16 = 46;

/// Rows from which on bars can be two rows thick.
const THICK: u16 = 10;

/// One bar.
struct Bar {
    label: String,
    p: f64,
    /// What stands behind it.
    mark: String,
    is_target: bool,
    /// Candidates are left out before it.
    is_apart: bool,
}

/// Rows for as many bars as are asked for, and for a gap and those below it.
pub fn height(app: &App) -> u16 {
    let target = app.analysis.scores.target(app.cursor).filter(|target| target.rank as usize > app.views.predict.top_k);
    let apart = usize::from(target.is_some()) + usize::from(app.views.predict.what_if.is_some());
    u16::try_from(app.views.predict.top_k + apart + usize::from(apart > 0)).unwrap_or(u16::MAX)
}

/// Draws the bars into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    if app.cursor == 0 {
        let message =
            text::wrap("Nothing predicts the first token: there is nothing before it.", usize::from(area.width));
        for (line, row) in message.into_iter().zip(area.rows()) {
            frame.render_widget(Line::styled(line, theme.dim), row);
        }
        return;
    }
    // Twice as thick where that leaves enough of them.
    let high = if app.is_roomy() && area.height >= THICK { 2 } else { 1 };
    let bars = bars(app, usize::from(area.height) / high, area.width < NARROW);
    if bars.is_empty() {
        let is_asking = app.guess.as_ref().is_some_and(|guessing| guessing.is_asking());
        let words = if is_asking { "hidden: guess first" } else { "not scored yet …" };
        frame.render_widget(Line::styled(words, theme.dim), area);
        return;
    }
    let most = bars.iter().map(|bar| bar.p).fold(0.0, f64::max);
    let labels =
        bars.iter().map(|bar| bar.label.width()).max().unwrap_or(0).clamp(6, (usize::from(area.width) / 3).max(6));
    let marks = bars.iter().map(|bar| bar.mark.width()).max().unwrap_or(0);
    let width = usize::from(area.width).saturating_sub(labels + marks + 12);
    let mut rows = area.rows();
    for bar in bars {
        if bar.is_apart
            && let Some(row) = rows.next()
        {
            frame.render_widget(Line::styled("…", theme.dim), row);
        }
        let Some(row) = rows.next() else { return };
        let style = if bar.is_target { theme.target } else { theme.text };
        let share = if most > 0.0 { bar.p / most } else { 0.0 };
        let lying = text::pad_end(&bar::lying(share, width), width);
        let lying = Span::styled(lying, if bar.is_target { theme.target } else { theme.bar });
        let line = Line::from(vec![
            Span::styled(text::pad_end(&bar.label, labels), style),
            Span::raw("  "),
            lying.clone(),
            Span::styled(format!(" {:>7}", text::probability(bar.p)), style),
            Span::styled(format!(" {}", bar.mark), style),
        ]);
        frame.render_widget(line, row);
        for row in rows.by_ref().take(high - 1) {
            let blanks = Span::raw(" ".repeat(labels + 2));
            frame.render_widget(Line::from(vec![blanks, lying.clone()]), row);
        }
    }
}

/// The candidates, and after a gap the target and the token of the what-if where they are not among them; not more than
/// `rows` rows take.
fn bars(app: &App, rows: usize, is_narrow: bool) -> Vec<Bar> {
    let Some(row) = app.analysis.scores.predicting(app.cursor) else { return Vec::new() };
    let distribution = app.distribution();
    let target = row.target.map(|target| (target.id, target.rank));
    let what_if = app.views.predict.what_if.filter(|&id| target.is_none_or(|(target, _)| target != id));
    let all: Vec<Candidate> = match distribution {
        Some(distribution) => distribution.top(app.views.predict.top_k, app.views.predict.temperature),
        None => row.top.iter().copied().take(app.views.predict.top_k).collect(),
    };
    let is_among = |id: u32, k: usize| all[..k.min(all.len())].iter().any(|candidate| candidate.id == id);
    let special: Vec<u32> = target.map(|(id, _)| id).into_iter().chain(what_if).collect();
    // Leave room for those that are not among them, and for a gap before these if it takes no bar's only row.
    let apart = |k: usize| special.iter().filter(|&&id| !is_among(id, k)).count();
    let has_gap = |k: usize| k > 0 && apart(k) > 0 && rows > 2;
    let needed = |k: usize| k + apart(k) + usize::from(has_gap(k));
    let k = (0..=all.len()).rev().find(|&k| needed(k) <= rows).unwrap_or(0);
    let bar = |id: u32, p: f64, is_apart| {
        let is_target = target.is_some_and(|(target, _)| target == id);
        let mark = match target {
            Some((_, rank)) if is_target && is_narrow => format!("◀ rank {rank}"),
            Some((_, rank)) if is_target => format!("◀ target, rank {rank}"),
            _ if what_if == Some(id) => "◂ what if".into(),
            _ => String::new(),
        };
        Bar { label: app.token_label(id), p, mark, is_target, is_apart }
    };
    let mut bars: Vec<Bar> = all.iter().take(k).map(|candidate| bar(candidate.id, candidate.p, false)).collect();
    let mut is_first = has_gap(k);
    for &id in special.iter().filter(|&&id| !is_among(id, k)) {
        let nll = probability_of(app, distribution, id);
        if let Some(p) = nll {
            bars.push(bar(id, p, std::mem::take(&mut is_first)));
        }
    }
    bars
}

/// Of a token outside the candidates, at the temperature that the others are shown at.
fn probability_of(app: &App, distribution: Option<&Distribution>, id: u32) -> Option<f64> {
    match distribution {
        Some(distribution) => distribution.nll(id, app.views.predict.temperature).map(|nll| (-nll).exp()),
        None => {
            app.analysis.scores.target(app.cursor).filter(|target| target.id == id).map(|target| (-target.nll).exp())
        }
    }
}
