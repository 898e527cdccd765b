//! One token under one mask, as a glyph.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::App;
use crate::mask::LossMask;
use crate::ui::columns::Columns;
use crate::ui::{Theme, token};

/// Whether `mask` counts token `t`, and how much: `+`, `−` and `≠` where it does otherwise than the mask that counts.
pub fn cell(app: &App, theme: &Theme, columns: &Columns, mask: &LossMask, t: usize) -> Vec<Span<'static>> {
    let weight = mask.weight(t);
    let painted = mask.paint().get(t).is_some();
    let current = app.mask().map_or(weight, |current| current.weight(t));
    let (glyph, style): (_, Style) = match (weight != 0.0, current != 0.0) {
        (true, false) => ("+", theme.warning),
        (false, true) => ("−", theme.warning),
        _ if weight != current => ("≠", theme.warning),
        _ if painted => (token::weight_glyph(weight, painted), theme.accent),
        (true, _) => (token::weight_glyph(weight, painted), theme.text),
        (false, _) => (token::weight_glyph(weight, painted), theme.dim),
    };
    let style = match t {
        t if t == app.cursor => style.patch(theme.cursor),
        t if app.selection().is_some_and(|selection| selection.contains(&t)) => style.patch(theme.selected),
        _ => style,
    };
    columns.cell(glyph, style)
}
