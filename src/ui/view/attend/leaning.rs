//! On what a prediction leans: by how much it costs more without each of the tokens before it.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::{waiting, write};
use crate::app::{Action, App};
use crate::inspect::Leaning;
use crate::sequence::{Sequence, visible};
use crate::ui::{Hits, Theme, bar, text, token};

/// Columns of a token's name.
const NAME: usize = 16;

/// Draws the panel into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let width = usize::from(area.width).saturating_sub(2);
    if app.cursor == 0 || app.cursor >= app.len() {
        let words = "nothing to ask: move the cursor to a token that is predicted";
        return write(frame, area, vec![Line::styled(words, theme.dim)]);
    }
    let seen = app.seen_leaning();
    let Some(first) = seen.first else { return write(frame, area, waiting(app, theme, width)) };
    let Some(second) = seen.second else {
        return draw_one(app, theme, frame, area, app.sequence(), first, "", Some(hits));
    };
    let [left, right] = Layout::horizontal([Constraint::Percentage(50), Constraint::Fill(1)]).areas(area);
    draw_one(app, theme, frame, left, app.sequence(), first, "A: ", Some(hits));
    draw_one(app, theme, frame, right, &app.comparing.analysis.sequence, second, "B: ", None);
}

/// Where tokens are forbidden.
pub fn reach_words(app: &App) -> String {
    let scope = app.lean_scope();
    match (scope.layer, scope.head) {
        (Some(layer), Some(head)) => format!("forbidden in layer {layer}, head {head}"),
        (Some(layer), None) => format!("forbidden in layer {layer}"),
        _ => "forbidden in all layers and heads".into(),
    }
}

#[allow(clippy::too_many_arguments)]
fn draw_one(
    app: &App,
    theme: &Theme,
    frame: &mut Frame,
    area: Rect,
    sequence: &Sequence,
    leaning: &Leaning,
    name: &str,
    mut hits: Option<&mut Hits>,
) {
    let width = usize::from(area.width).saturating_sub(2);
    let label = |t: usize, width: usize| {
        let bytes = sequence.tokens.get(t).map_or(&[][..], |token| &token.bytes);
        text::fit_start(&visible(bytes), width)
    };
    let heading = format!(
        "{name}\"{}\" costs {:.3} nats. Without one token each, it would cost so much more:",
        label(leaning.position, 24),
        leaning.nll
    );
    let mut lines: Vec<Line> =
        text::wrap(&heading, width).into_iter().map(|line| Line::styled(line, theme.text)).collect();
    let ranked = leaning.ranked();
    let room = usize::from(area.height).saturating_sub(lines.len());
    // Of a long list the ends are the most telling: what helps most, and what hinders most.
    let shown: Vec<_> = match ranked.len() {
        n if n <= room => ranked.iter().collect(),
        n => ranked[..room.saturating_sub(2)].iter().chain(&ranked[n - 2.min(room)..]).collect(),
    };
    let most = ranked.iter().map(|lean| lean.delta_nll.abs()).fold(1e-9, f64::max);
    let bars = width.saturating_sub(NAME + 18).max(1);
    for lean in shown {
        if let (Some(hits), Some(row)) = (hits.as_deref_mut(), area.rows().nth(lines.len())) {
            hits.push(row, Action::Goto(lean.position));
        }
        let style = if lean.delta_nll >= 0.0 { theme.fall } else { theme.rise };
        let is_crosshair = name != "B: " && lean.position == app.crosshair_column();
        let own = text::pad_end(&label(lean.position, NAME), NAME);
        lines.push(Line::from(vec![
            Span::styled(format!("{:>5} ", lean.position), theme.dim),
            Span::styled(own, if is_crosshair { theme.text.patch(theme.cursor) } else { theme.text }),
            Span::styled(format!(" {:>8} ", text::signed(lean.delta_nll)), style),
            Span::styled(bar::lying(lean.delta_nll.abs() / most, bars), style),
        ]));
    }
    if ranked.is_empty() {
        let own = token::label(app, app.crosshair_row(), 24);
        lines.push(Line::styled(format!("it sees \"{own}\" alone: there is nothing to take away"), theme.dim));
    }
    write(frame, area, lines);
}
