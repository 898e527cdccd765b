//! The arithmetic of one loss, spelled out, and where the token comes from.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::app::App;
use crate::loss::{Row, Target};
use crate::sequence::Token;
use crate::ui::{Theme, text};

/// Draws the facts into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    for (line, row) in lines(app, theme, usize::from(area.width)).into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

/// The facts in lines of at most `width` columns, what matters most first.
pub fn lines(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut facts: Vec<(String, Style)> = Vec::new();
    let t = app.cursor;
    let row = app.analysis.scores.predicting(t);
    match (row, row.and_then(|row| row.target)) {
        (Some(row), Some(target)) => scored(app, theme, row, target, &mut facts),
        (Some(row), None) => {
            facts.push(("next token: nothing to score against".into(), theme.text));
            facts.push((format!("entropy {:.3} nats", row.entropy), theme.dim));
            what_if(app, theme, None, &mut facts);
        }
        (None, _) => {}
    }
    temperature(app, theme, &mut facts);
    if let Some(token) = app.sequence().tokens.get(t) {
        if let Some(mask) = app.mask() {
            let style = if mask.is_scored(t) { theme.text } else { theme.dim };
            facts.push((mask.reason(app.sequence(), t).to_string(), style));
        }
        facts.push((origin(token, app), theme.dim));
    }
    let wrapped = |(text, style): (String, Style)| {
        let lines = text::wrap(&crate::sequence::visible_text(&text), width.max(1));
        lines.into_iter().map(move |line| Line::styled(line, style))
    };
    facts.into_iter().flat_map(wrapped).collect()
}

fn scored(app: &App, theme: &Theme, row: &Row, target: Target, facts: &mut Vec<(String, Style)>) {
    let p = text::probability_in_full((-target.nll).exp());
    facts.push((format!("−log {p} = {:.3} nats", target.nll), theme.target));
    let weight = app.mask().map_or(0.0, |mask| mask.weight(app.cursor));
    let share =
        app.ledger().filter(|_| weight != 0.0 && app.is_current()).and_then(|ledger| ledger.share(weight, target.nll));
    let mut line = format!("entropy {:.3} nats", row.entropy);
    if let Some(share) = share {
        line.push_str(&format!(" · {} of the loss", percent(share)));
    }
    facts.push((line, theme.text));
    what_if(app, theme, Some(target), facts);
}

/// What another token would have cost.
fn what_if(app: &App, theme: &Theme, target: Option<Target>, facts: &mut Vec<(String, Style)>) {
    let (Some(id), Some(distribution)) = (app.views.predict.what_if, app.distribution()) else { return };
    let (Some(nll), Some(rank)) = (distribution.nll(id, 1.0), distribution.rank(id)) else { return };
    let (name, p) = (app.token_label(id), text::probability_in_full((-nll).exp()));
    let mut line = format!("if the target were “{name}”: −log {p} = {nll:.3} nats, rank {rank}");
    if let Some(target) = target {
        line.push_str(&format!(" (now {:.3})", target.nll));
    }
    facts.push((line, theme.accent));
}

/// Nothing at temperature 1: there the bars are what the loss is computed from.
fn temperature(app: &App, theme: &Theme, facts: &mut Vec<(String, Style)>) {
    if app.views.predict.temperature == 1.0 || app.cursor == 0 {
        return;
    }
    let line = match app.distribution() {
        Some(_) => format!("bars at T = {}, the loss at T = 1", app.views.predict.temperature),
        None => format!("T = {} waits for the logits", app.views.predict.temperature),
    };
    facts.push((line, theme.warning));
}

/// Turn, role, part, and what is odd about the token.
fn origin(token: &Token, app: &App) -> String {
    let mut words = vec![format!("token {} of {}", app.cursor, text::count(app.len())), format!("id {}", token.id)];
    if let Some(turn) = token.turn {
        words.push(format!("turn {}", turn + 1));
    }
    words.extend(token.role.as_deref().map(str::to_owned));
    words.push(token.part.name().replace('_', " "));
    if token.special {
        words.push("special".into());
    }
    if token.injected {
        words.push("! typed as text".into());
    }
    if !token.overlaps.is_empty() {
        words.push("~ straddles two parts".into());
    }
    words.join(" · ")
}

/// A share in percent, with a digit behind the point where it is small.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        p if p >= 10.0 => format!("{p:.0}%"),
        p if p >= 0.05 => format!("{p:.1}%"),
        _ => "<0.1%".into(),
    }
}
