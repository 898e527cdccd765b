//! The token under the cursor: what it is, why it counts or not, and what it adds to the loss.

use ratatui::style::Style;
use ratatui::text::Line;

use super::packing;
use crate::app::App;
use crate::mask::Basis;
use crate::sequence::{Packing, Token, visible_text};
use crate::ui::{Theme, text, token};

/// The facts in lines of at most `width` columns.
pub fn lines(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let t = app.cursor;
    let Some(token) = app.sequence().tokens.get(t) else {
        let message = "what would come next: not in the text, so nothing to compare with and no loss";
        return wrapped(message, width, theme.dim).collect();
    };
    let mut lines: Vec<Line> = wrapped(&identity(app, t, token), width, theme.accent).collect();
    if let Some(mask) = app.mask() {
        let style = if mask.is_scored(t) { theme.text } else { theme.dim };
        lines.extend(wrapped(&mask.reason(app.sequence(), t).to_string(), width, style));
    }
    if t > 0 {
        lines.extend(wrapped(&cost(app, t), width, theme.text));
    }
    lines
}

/// What the current profile is and where that was read, if a profile is current.
pub fn source_lines(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let Basis::Profile(profile) = app.basis() else { return Vec::new() };
    let what = format!("{}: {}", profile.title, profile.source.says);
    std::iter::once(Line::default())
        .chain(wrapped(&what, width, theme.text))
        .chain(wrapped(&profile.source.place, width, theme.dim))
        .collect()
}

fn wrapped(message: &str, width: usize, style: Style) -> impl Iterator<Item = Line<'static>> {
    text::wrap(message, width).into_iter().map(move |line| Line::styled(line, style))
}

fn identity(app: &App, t: usize, token: &Token) -> String {
    let label = token::label(app, t, 24);
    let place = match (token.turn, &token.role) {
        (Some(turn), Some(role)) => format!(" · turn {}, {}", turn + 1, visible_text(role)),
        (Some(turn), None) => format!(" · turn {}", turn + 1),
        _ => String::new(),
    };
    let special = match (token.special, token.injected) {
        (_, true) => " · special, typed as text",
        (true, false) => " · special",
        _ => "",
    };
    format!("{label} · token {t} · id {}{place} · {}{special}", token.id, token.part.name().replace('_', " "))
}

fn cost(app: &App, t: usize) -> String {
    let Some(target) = app.analysis.scores.target(t) else {
        if app.sequence().documents().starts_at(t) {
            return "−log p: none, nothing predicts it".into();
        }
        return "−log p: not computed yet".into();
    };
    let weight = app.mask().map_or(0.0, |mask| mask.weight(t));
    let share = match app.ledger().filter(|_| app.is_current()).and_then(|ledger| ledger.share(weight, target.nll)) {
        Some(share) if weight != 0.0 => format!(" · {:.1} % of the loss", share * 100.0),
        _ if weight == 0.0 => " · adds nothing to the loss".into(),
        _ => String::new(),
    };
    let contrast = app.sequence().pack.as_ref().and_then(|pack| {
        let (block, naive) = packing::of_token(app, pack, t)?;
        let (other, cost) = match pack.packing {
            Packing::Block => (Packing::Naive, naive),
            Packing::Naive => (Packing::Block, block),
        };
        Some(format!(" · {other} packing {cost:.3}"))
    });
    let contrast = contrast.unwrap_or_default();
    format!("−log p {:.3} nats · rank {}{share}{contrast}", target.nll, text::count(target.rank as usize))
}
