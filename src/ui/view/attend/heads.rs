//! What every head does: all layers and heads, each named by what was measured, and the heads of one layer in small.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{attention, waiting, write};
use crate::app::App;
use crate::inspect::{HeadKind, LayerWeights, NamedHead, Pick, Small};
use crate::ui::{Theme, text};

/// Columns of a head in the table: its name in short, and the score.
const CELL: usize = 10;
/// Columns and most rows of a head in small, and the fewest that say something.
const SMALL: (u16, u16) = (14, 6);
const LEAST: u16 = 4;

/// Draws the panel into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let width = usize::from(area.width).saturating_sub(2);
    let Some(heads) = app.seen_heads() else { return write(frame, area, waiting(app, theme, width)) };
    let words = words(app, theme, heads, width);
    let layers = heads.iter().map(|head| head.layer + 1).max().unwrap_or(0);
    let below = u16::try_from(words.len()).unwrap_or(0);
    let table = (layers as u16 + 1).min(area.height.saturating_sub(below + 1).max(4));
    let [table, _, words_area, _, small] = Layout::vertical([
        Constraint::Length(table),
        Constraint::Length(1),
        Constraint::Length(below),
        Constraint::Length(1),
        Constraint::Fill(1),
    ])
    .areas(area);
    draw_table(app, theme, frame, table, heads, layers);
    write(frame, words_area, words);
    if small.height > LEAST
        && let Some(weights) = app.seen_attention()
    {
        draw_small(app, theme, frame, small, weights);
    }
}

fn draw_table(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, heads: &[NamedHead], layers: usize) {
    let count = app.analysis.model.as_ref().map_or(0, |model| model.heads);
    let shown = (usize::from(area.width).saturating_sub(11) / CELL).max(1).min(count.max(1));
    let picked = match app.views.attend.pick {
        Pick::Head(head) => Some(head),
        _ => None,
    };
    let first_head = picked.map_or(0, |head| head.saturating_sub(shown / 2).min(count - shown));
    let mut heading = text::pad_start("head", 10);
    for head in first_head..first_head + shown {
        heading.push_str(&text::pad_start(&head.to_string(), CELL));
    }
    let more = if shown < count { " …" } else { "" };
    let room = usize::from(area.height).saturating_sub(1);
    let first = app.shown_layer().saturating_sub(room / 2).min(layers.saturating_sub(room));
    let mut lines = vec![Line::styled(format!("{heading}{more}"), theme.dim)];
    for layer in (first..layers).take(room) {
        let is_shown = layer == app.shown_layer();
        let mark = if is_shown { "▸ " } else { "  " };
        let mut spans = vec![
            Span::styled(mark, theme.accent),
            Span::styled(format!("{:<8}", format!("layer {layer}")), if is_shown { theme.text } else { theme.dim }),
        ];
        for head in first_head..first_head + shown {
            let own = heads.iter().find(|own| own.layer == layer && own.head == head);
            let (cell, style) = cell(theme, own);
            let style = if is_shown && picked == Some(head) { style.patch(theme.cursor) } else { style };
            spans.push(Span::raw(" "));
            spans.push(Span::styled(text::pad_start(&cell, CELL - 1), style));
        }
        lines.push(Line::from(spans));
    }
    write(frame, area, lines);
}

fn cell(theme: &Theme, head: Option<&NamedHead>) -> (String, Style) {
    match head.and_then(NamedHead::kind) {
        Some((kind, score)) => {
            let score = format!("{score:.2}");
            (format!("{} {}", short(kind), score.strip_prefix('0').unwrap_or(&score)), style(theme, kind))
        }
        None => ("–".into(), theme.dim),
    }
}

fn short(kind: HeadKind) -> &'static str {
    match kind {
        HeadKind::PreviousToken => "prev",
        HeadKind::FirstToken => "first",
        HeadKind::SameToken => "same",
        HeadKind::Induction => "ind",
        HeadKind::LocalWindow => "local",
        HeadKind::Spread => "even",
    }
}

fn style(theme: &Theme, kind: HeadKind) -> Style {
    match kind {
        HeadKind::Induction => theme.target,
        HeadKind::PreviousToken | HeadKind::LocalWindow => theme.bar,
        HeadKind::SameToken => theme.warning,
        HeadKind::FirstToken => theme.dim,
        HeadKind::Spread => theme.text,
    }
}

fn words(app: &App, theme: &Theme, heads: &[NamedHead], width: usize) -> Vec<Line<'static>> {
    let chosen = match app.views.attend.pick {
        Pick::Head(head) => heads.iter().find(|own| own.layer == app.shown_layer() && own.head == head),
        _ => None,
    };
    let told = match chosen.map(|own| (own, own.scores)) {
        Some((own, Some(scores))) => {
            let of = |kind: HeadKind| {
                let score = scores.of(kind).map_or_else(|| "–".into(), |score| format!("{score:.2}"));
                format!("{} {score}", kind.name())
            };
            let all: Vec<String> = HeadKind::EVERY.into_iter().map(of).collect();
            format!("layer {} head {}: {}", own.layer, own.head, all.join(" · "))
        }
        Some(_) => {
            "too few tokens to tell what a head does: give it a longer text, best one that repeats itself".into()
        }
        None => {
            "prev: the token before · first: the first token · same: the same token · ind: what followed an earlier \
                 one · local: the last few · even: spread over all; the share of its weight that goes there. \
                 < > choose a head"
                .into()
        }
    };
    text::wrap(&told, width).into_iter().map(|line| Line::styled(line, theme.text)).collect()
}

/// The heads of the layer on show, side by side: rows are positions, columns tokens, both folded.
fn draw_small(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, weights: &LayerWeights) {
    let across = (area.width / (SMALL.0 + 2)).max(1);
    let (picked, high) = (app.views.attend.pick, SMALL.1.min(area.height - 1));
    for (head, own) in weights.small().iter().enumerate() {
        let (x, y) = (head as u16 % across * (SMALL.0 + 2), head as u16 / across * (high + 1));
        let place = Rect { x: area.x + 1 + x, y: area.y + y, width: SMALL.0, height: high + 1 };
        if place.bottom() > area.bottom() {
            return;
        }
        let style = if picked == Pick::Head(head) { theme.accent } else { theme.dim };
        frame.render_widget(Line::styled(format!("head {head}"), style), Rect { height: 1, ..place });
        for (line, row) in small(theme, own, usize::from(high)).into_iter().zip(place.rows().skip(1)) {
            frame.render_widget(line, row);
        }
    }
}

fn small(theme: &Theme, head: &Small, down: usize) -> Vec<Line<'static>> {
    let across = usize::from(SMALL.0);
    let line = |i: usize| {
        let cell = |j: usize| match head.largest((i, down), (j, across)) {
            0.0 => Span::raw(" "),
            weight => Span::styled(attention::shade(weight), theme.bar),
        };
        Line::from((0..across).map(cell).collect::<Vec<_>>())
    };
    (0..down).map(line).collect()
}
