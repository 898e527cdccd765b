//! A token as every view shows it: heat for its cost, underlined if scored, the cursor over it.

use ratatui::style::Style;

use super::{Theme, text};
use crate::app::{App, View};

/// How token `t` looks, without the cursor.
pub fn style(app: &App, theme: &Theme, t: usize) -> Style {
    let base = app.analysis.scores.nll(t).map_or(theme.text, |nll| theme.heat(nll));
    if app.mask().is_some_and(|mask| mask.is_scored(t)) { base.patch(theme.scored) } else { base }
}

/// How token `t` looks between its neighbours, the cursor included: every other token in the other shade of its heat, so
/// that one sees where tokens begin.
pub fn style_in_row(app: &App, theme: &Theme, t: usize) -> Style {
    let style = style(app, theme, t);
    let style = match app.analysis.scores.nll(t) {
        Some(nll) if t % 2 == 1 => style.patch(theme.heat_beside(nll)),
        None if t % 2 == 1 => style.patch(theme.beside),
        _ => style,
    };
    let is_selected = app.view == View::Score && app.selection().is_some_and(|selection| selection.contains(&t));
    match t {
        t if t == app.cursor => style.patch(theme.cursor),
        _ if is_selected || app.is_marked(t) => style.patch(theme.selected),
        _ => style,
    }
}

/// How token `t` is written, at most `width` columns wide. The token after the last has a place, but no name.
pub fn label(app: &App, t: usize, width: usize) -> String {
    match app.analysis.labels.get(t) {
        Some(label) if label.width <= width => label.text.clone(),
        Some(label) => text::fit_start(&label.text, width),
        None => text::fit_start("□", width),
    }
}

/// How token `t` is written in a row of tokens: one that is painted has its weight's glyph before it.
pub fn marked_label(app: &App, t: usize, width: usize) -> String {
    match painted_glyph(app, t).or(app.is_marked(t).then_some("×")) {
        Some(glyph) => format!("{glyph}{}", label(app, t, width.saturating_sub(1))),
        None => label(app, t, width),
    }
}

/// The glyph for the weight that is painted on token `t`; one column wide.
pub fn painted_glyph(app: &App, t: usize) -> Option<&'static str> {
    Some(weight_glyph(app.mask()?.paint().get(t)?, true))
}

/// What stands for a weight, and whether it is painted.
pub fn weight_glyph(weight: f64, painted: bool) -> &'static str {
    match (painted, weight) {
        (false, 0.0) => "·",
        (false, 1.0) => "●",
        (false, less) if less < 1.0 => "◐",
        (false, _) => "◉",
        (true, 0.0) => "□",
        (true, 1.0) => "■",
        (true, less) if less < 1.0 => "◧",
        (true, _) => "▣",
    }
}
