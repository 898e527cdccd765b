//! What a head looks at: its weights after the softmax, as shades.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Cells, draw_above_words, waiting, write};
use crate::app::App;
use crate::inspect::{Pick, Weights};
use crate::ui::{Hits, Theme, text, token};

/// Weights from which on a cell is darker.
const SHADES: [(f32, &str); 4] = [(0.6, "█"), (0.3, "▓"), (0.1, "▒"), (0.02, "░")];
/// The share from which on it is worth a word that the first token takes it.
const RESTING: f32 = 0.3;

/// The shade of a weight.
pub fn shade(weight: f32) -> &'static str {
    SHADES.iter().find(|(from, _)| weight >= *from).map_or("·", |(_, shade)| shade)
}

/// Draws the panel into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let width = usize::from(area.width).saturating_sub(2);
    let picked = app.seen_attention().and_then(|weights| weights.pick(app.views.attend.pick));
    let Some(weights) = picked else { return write(frame, area, waiting(app, theme, width)) };
    let cell = |q: usize, key: usize| match weights.row(q).map(|row| row[key]) {
        None => (" ", theme.dim),
        Some(0.0) => (" ", theme.border),
        Some(weight) => (shade(weight), if app.asked_of(q) == app.cursor { theme.accent } else { theme.bar }),
    };
    let words = words(app, theme, weights, width);
    let strength = |q: usize, keys: Range<usize>| {
        let largest = weights.row(q).map_or(0.0, |row| row[keys].iter().copied().fold(0.0, f32::max));
        SHADES.iter().position(|(from, _)| largest >= *from).map_or(0, |i| (SHADES.len() - i) as u8)
    };
    draw_above_words(app, theme, frame, area, hits, words, Cells { one: &cell, strength: &strength });
}

/// Which head is shown.
pub fn head_words(app: &App) -> String {
    match app.views.attend.pick {
        Pick::Head(head) => {
            let of = app.seen_heads().and_then(|all| {
                let own = all.iter().find(|own| own.layer == app.shown_layer() && own.head == head)?;
                own.kind()
            });
            let name = of.map_or_else(String::new, |(kind, score)| format!(": {} {score:.2}", kind.name()));
            format!("head {head}{name}")
        }
        Pick::Mean => "mean".into(),
        Pick::Max => "maximum".into(),
    }
}

/// The row under the cursor: what it looks at most, and what it gives the crosshair's token.
fn words(app: &App, theme: &Theme, weights: &Weights, width: usize) -> Vec<Line<'static>> {
    let row = app.crosshair_row();
    let Some(values) = weights.row(row) else { return Vec::new() };
    let quoted = |t: usize| format!("\"{}\"", token::label(app, t, 24));
    let mut ranked: Vec<(usize, f32)> =
        values.iter().copied().enumerate().filter(|(_, weight)| *weight > 0.0).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let most: Vec<String> = ranked.iter().take(5).map(|&(t, weight)| format!("{} {weight:.3}", quoted(t))).collect();
    let mut lines = vec![format!("row {row} {} looks at {}", quoted(row), most.join(" · "))];
    let column = app.crosshair_column();
    if column != row {
        lines.push(format!("at the crosshair: token {column} {} gets {:.4}", quoted(column), values[column]));
    }
    if values.first().is_some_and(|first| *first >= RESTING) && row > 1 {
        lines.push(
            "the first token takes much of it: weights must add up to 1, so a head with nothing to look for rests there"
                .into(),
        );
    }
    let wrapped = lines.iter().flat_map(|line| text::wrap(line, width));
    wrapped.map(|line| Line::styled(line, theme.text)).collect()
}

/// What the shades mean.
pub fn legend(theme: &Theme, width: usize) -> Line<'static> {
    let mut spans = vec![Span::styled(" weight ", theme.dim)];
    for (from, shade) in SHADES.iter().rev() {
        spans.push(Span::styled(*shade, theme.bar));
        spans.push(Span::styled(format!(" {from}  "), theme.dim));
    }
    spans.push(Span::styled("blank: exactly 0 ", theme.dim));
    if text::width_of(&spans) + 4 <= width { Line::from(spans) } else { Line::default() }
}
