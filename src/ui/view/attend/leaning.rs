//! On what a prediction leans: by how much it costs more without each of the tokens before it.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::{waiting, write};
use crate::app::{Action, App};
use crate::inspect::{Lean, Leaning};
use crate::sequence::{Sequence, visible};
use crate::ui::{Hits, Theme, bar, text};

/// Columns of a token's name.
const NAME: usize = 16;
/// Below this many columns the heading is short.
const NARROW: usize = 50;

/// Draws the panel into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let width = usize::from(area.width).saturating_sub(2);
    if app.cursor == 0 || app.cursor >= app.len() {
        let words = "nothing to ask: move the cursor to a token that is predicted";
        return write(frame, area, vec![Line::styled(words, theme.dim)]);
    }
    let seen = app.seen_leaning();
    let Some(first) = seen.first else { return write(frame, area, waiting(app, theme, width)) };
    let (own, other) = (app.sequence(), &*app.comparing.analysis.sequence);
    let crosshair = Some(app.crosshair_column());
    let Some(second) = seen.second else {
        let ranking = Ranking { sequence: own, leaning: first, name: "", crosshair };
        ranking.click(area, hits);
        return ranking.draw(theme, frame, area);
    };
    let [left, right] = Layout::horizontal([Constraint::Percentage(50), Constraint::Fill(1)]).areas(area);
    let ranking = Ranking { sequence: own, leaning: first, name: "A: ", crosshair };
    ranking.click(left, hits);
    ranking.draw(theme, frame, left);
    Ranking { sequence: other, leaning: second, name: "B: ", crosshair: None }.draw(theme, frame, right);
}

/// Where tokens are forbidden.
pub fn reach_words(app: &App) -> String {
    app.scope().words()
}

/// The tokens that a model's prediction sees, by what it would cost without each.
struct Ranking<'a> {
    sequence: &'a Sequence,
    leaning: &'a Leaning,
    /// Which model it is, where there are two.
    name: &'static str,
    /// The token under the crosshair.
    crosshair: Option<usize>,
}

impl Ranking<'_> {
    fn heading(&self, width: usize) -> Vec<String> {
        let Leaning { position, nll, .. } = *self.leaning;
        let target = self.label(position, 24);
        let short = format!("{}\"{target}\" costs {nll:.3} nats; more without:", self.name);
        let long = format!(
            "{}\"{target}\" costs {nll:.3} nats. Without one token each, it would cost so much more:",
            self.name
        );
        text::wrap(if width < NARROW { &short } else { &long }, width)
    }

    fn label(&self, t: usize, width: usize) -> String {
        let bytes = self.sequence.tokens.get(t).map_or(&[][..], |token| &token.bytes);
        text::fit_start(&visible(bytes), width)
    }

    /// Of a long list the ends are the most telling: what helps most, and where there is room, what hinders most.
    /// `None` stands for those between.
    fn shown(&self, room: usize) -> Vec<Option<Lean>> {
        let ranked = self.leaning.ranked();
        let last = if room > 6 { 2 } else { 0 };
        match ranked.len() {
            n if n <= room => ranked.into_iter().map(Some).collect(),
            n => {
                let first = ranked[..room.saturating_sub(last + 1)].iter().copied().map(Some);
                first.chain([None]).chain(ranked[n - last..].iter().copied().map(Some)).collect()
            }
        }
    }

    fn click(&self, area: Rect, hits: &mut Hits) {
        let heading = self.heading(usize::from(area.width).saturating_sub(2)).len();
        let shown = self.shown(usize::from(area.height).saturating_sub(heading));
        for (lean, row) in shown.iter().zip(area.rows().skip(heading)) {
            if let Some(lean) = lean {
                hits.push(row, Action::Goto(lean.position));
            }
        }
    }

    fn draw(&self, theme: &Theme, frame: &mut Frame, area: Rect) {
        let width = usize::from(area.width).saturating_sub(2);
        let heading = self.heading(width);
        let room = usize::from(area.height).saturating_sub(heading.len());
        let mut lines: Vec<Line> = heading.into_iter().map(|line| Line::styled(line, theme.text)).collect();
        let most = self.leaning.tokens.iter().map(|lean| lean.delta_nll.abs()).fold(1e-9, f64::max);
        let bars = width.saturating_sub(NAME + 18).max(1);
        let shown = self.shown(room);
        let left_out = self.leaning.tokens.len() - shown.iter().flatten().count();
        for lean in shown {
            let Some(Lean { position, delta_nll }) = lean else {
                lines.push(Line::styled(format!("      … {} more", text::count(left_out)), theme.dim));
                continue;
            };
            let style = if delta_nll >= 0.0 { theme.fall } else { theme.rise };
            let own = text::pad_end(&self.label(position, NAME), NAME);
            let is_crosshair = self.crosshair == Some(position);
            lines.push(Line::from(vec![
                Span::styled(format!("{position:>5} "), theme.dim),
                Span::styled(own, if is_crosshair { theme.text.patch(theme.cursor) } else { theme.text }),
                Span::styled(format!(" {:>8} ", text::signed(delta_nll)), style),
                Span::styled(bar::lying(delta_nll.abs() / most, bars), style),
            ]));
        }
        if self.leaning.tokens.is_empty() {
            lines.push(Line::styled("its row sees itself alone: there is nothing to take away", theme.dim));
        }
        write(frame, area, lines);
    }
}
