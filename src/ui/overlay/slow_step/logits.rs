//! One row of logits, entry by entry: those that are kept of it, the target among them.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Scene;
use crate::train::{Logit, ScoredTarget};
use crate::ui::{Hits, text};

/// Columns of a token's name.
const NAME: usize = 12;

/// Draws the greatest entries, and the target's behind a gap where it is not among them, under `heading`; `cells` are
/// an entry's figures, with whether it is the target's.
pub fn draw(
    scene: &Scene,
    frame: &mut Frame,
    area: Rect,
    target: &ScoredTarget,
    heading: &str,
    cells: impl Fn(&Logit, bool) -> Vec<Span<'static>>,
) {
    let theme = scene.theme;
    let entry = |logit: &Logit| {
        let is_target = logit.id == target.target.id;
        let style = if is_target { theme.target } else { theme.text };
        let name = text::pad_end(&scene.label(logit.id, NAME), NAME);
        let mut spans = vec![Span::styled(if is_target { "◆ " } else { "  " }, style), Span::styled(name, style)];
        spans.extend(cells(logit, is_target));
        Line::from(spans)
    };
    let mut lines = vec![Line::styled(format!("  {} {heading}", text::pad_end("token", NAME)), theme.dim)];
    let room = usize::from(area.height).saturating_sub(1);
    let at = target.top.iter().position(|logit| logit.id == target.target.id);
    if at.is_some_and(|at| at < room) || room < 3 {
        lines.extend(target.top.iter().take(room).map(entry));
    } else {
        lines.extend(target.top.iter().take(room - 2).map(entry));
        let left_out = (target.rank as usize).saturating_sub(target.top.len().min(room - 2) + 1);
        lines.push(Line::styled(format!("  … {} between", text::count(left_out)), theme.dim));
        lines.push(entry(&target.target));
    }
    for (line, row) in lines.into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

/// Which row it is, and which of the scored ones.
pub fn title(scene: &Scene, width: usize) -> String {
    let Some((passed, token)) = scene.chosen() else { return String::new() };
    let row = passed.example.labels.row(token).map_or_else(String::new, |row| row.to_string());
    let lines: Vec<usize> = scene.step.scored_lines().collect();
    let at = lines.iter().position(|&line| line == scene.motion.line).map_or(0, |at| at + 1);
    let head = format!("row {row}, after ");
    let tail = format!(" → {} · target {at} of {}", scene.name(passed, token), text::count(lines.len()));
    let room = width.saturating_sub(Line::raw(head.as_str()).width() + Line::raw(tail.as_str()).width());
    format!("{head}{}{tail}", scene.input(passed, token, room.min(40)))
}

/// Says why there is no row.
pub fn draw_missing(scene: &Scene, frame: &mut Frame, area: Rect, _hits: &mut Hits) {
    let Some((passed, token)) = scene.chosen() else { return };
    let words = text::wrap(&scene.no_row(passed, token), usize::from(area.width));
    for (line, row) in words.into_iter().zip(area.rows()) {
        frame.render_widget(Line::styled(line, scene.theme.warning), row);
    }
}
