//! What each token may see: a layer's attention mask as a grid.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Cells, draw_above_words, grid, words};
use crate::app::App;
use crate::mask::AttentionMask;
use crate::sequence::Packing;
use crate::ui::{Hits, Theme, text};

/// Draws the panel into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let visibility = grid::visibility(app);
    let width = usize::from(area.width).saturating_sub(2);
    let words = words::lines(app, theme, &visibility, width, area.height >= 12);
    let cell = |q: usize, key: usize| {
        let is_cursor = app.asked_of(q) == app.cursor;
        // Of a pack: the tokens of the row's own document. What a row sees beyond them is of another.
        let own_document = app.sequence().document(q).map_or(0..app.len(), |(_, document)| document.tokens.clone());
        let is_shown = visibility.visible(q, app.len()).contains(&key);
        match (is_shown && visibility.sees(q, key, 0), is_cursor) {
            (false, _) if is_shown => ("✕", theme.error),
            (true, _) if !own_document.contains(&key) => ("▒", theme.warning),
            (true, _) if key >= app.asked_of(q) => ("■", theme.error),
            (true, true) => ("■", theme.accent),
            (true, false) => ("■", theme.bar),
            (false, true) if key == app.asked_of(q) && own_document.contains(&key) => ("×", theme.error),
            (false, true) => ("·", theme.text),
            (false, false) => ("·", theme.border),
        }
    };
    let strength = |q: usize, keys: Range<usize>| {
        let visible = visibility.visible(q, app.len());
        let (start, end) = (visible.start.max(keys.start), visible.end.min(keys.end));
        let seen = end.saturating_sub(start);
        let forbidden = visibility.forbidden.keys(q, 0).filter(|key| (start..end).contains(key)).count();
        let is_own = app.sequence().document(q).is_none_or(|(_, own)| own.tokens.start < end && start < own.tokens.end);
        match seen {
            0 => 0,
            _ if forbidden >= seen || !is_own => 2,
            _ => 4,
        }
    };
    draw_above_words(app, theme, frame, area, hits, words, Cells { one: &cell, strength: &strength });
}

/// What is seen; where layers differ, or do not see everything before them, which layers and how far.
pub fn detail(app: &App) -> String {
    if app.experiment.attention != Default::default() {
        return format!("{}, every layer", app.experiment.attention);
    }
    let (mask, layers) = app.attention_mask();
    let others = if app.has_other_masks() { " · . others" } else { "" };
    match mask {
        AttentionMask::Causal if others.is_empty() => "what each may see".into(),
        AttentionMask::Sliding(tokens) => {
            format!("the last {}, {}{others}", text::count(tokens), runs(layers))
        }
        mask => format!("{}, {}{others}", mask.name(), runs(layers)),
    }
}

/// Layers as runs, the first three of them: `layers 0–4, 6–10`.
fn runs(layers: &[usize]) -> String {
    let runs: Vec<&[usize]> = layers.chunk_by(|a, b| a + 1 == *b).collect();
    let run = |run: &&[usize]| match run {
        [first, .., last] => format!("{first}–{last}"),
        run => run.iter().map(ToString::to_string).collect(),
    };
    let shown: Vec<String> = runs.iter().take(3).map(run).collect();
    let more = if runs.len() > 3 { ", …" } else { "" };
    let noun = if layers.len() == 1 { "layer" } else { "layers" };
    format!("{noun} {}{more}", shown.join(", "))
}

/// What the glyphs mean, as far as there is room.
pub fn legend(app: &App, theme: &Theme, width: usize) -> Line<'static> {
    let packing = app.sequence().pack.as_ref().map(|pack| pack.packing);
    let name = match packing {
        _ if app.experiment.attention != Default::default() => "experiment",
        None => app.attention_mask().0.name(),
        Some(Packing::Block) => "packed: causal, same document",
        Some(Packing::Naive) => "naive packing: causal",
    };
    let mut spans = vec![
        Span::styled(format!(" {name}: "), theme.dim),
        Span::styled("■", theme.accent),
        Span::styled(" may see  ", theme.dim),
    ];
    if packing == Some(Packing::Naive) {
        spans.extend([Span::styled("▒", theme.warning), Span::styled(" sees of another document  ", theme.dim)]);
    }
    // From the most telling on: where there is little room, the last ones go.
    let rest = [("·", " hidden  ", theme.text), ("×", " hidden: the answer itself  ", theme.error)];
    let rest = rest.map(|(glyph, words, style)| [Span::styled(glyph, style), Span::styled(words, theme.dim)]);
    let fits = |spans: &[Span]| text::width_of(spans) + 4 <= width;
    if packing.is_some() && !fits(&spans) {
        return Line::default();
    }
    for pair in rest.into_iter().chain([[Span::styled("●", theme.dim), Span::styled(" scored ", theme.dim)]]) {
        let longer = [spans.clone(), pair.to_vec()].concat();
        match packing {
            Some(_) if !fits(&longer) => break,
            _ => spans = longer,
        }
    }
    if fits(&spans) { Line::from(spans) } else { Line::default() }
}
