//! What the next step does to the logits that predict the token under the cursor.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::app::App;
use crate::loss::{LogitGradient, Push, weight_text};
use crate::ui::{Theme, bar, text};

/// Lines that are worth giving it.
pub const WANTED: usize = 11;

/// The gradient in at most `height` lines: the formula, the target, and the tokens pushed down the most.
pub fn lines(app: &App, theme: &Theme, width: usize, height: usize) -> Vec<Line<'static>> {
    let wrapped = |words: &str, style| text::wrap(words, width).into_iter().map(move |line| Line::styled(line, style));
    let (gradient, formula) = match gradient(app, height) {
        Ok(found) => found,
        Err(why) => return wrapped(&why, theme.dim).collect(),
    };
    let mut lines: Vec<Line> = wrapped(&formula, theme.text).collect();
    let pushes: Vec<&Push> = std::iter::once(&gradient.target).chain(&gradient.down).collect();
    let labels: Vec<String> = pushes.iter().map(|push| app.token_label(push.id)).collect();
    let widest = labels.iter().map(|label| label.width()).max().unwrap_or(0).clamp(4, (width / 4).max(4));
    let most = pushes.iter().map(|push| push.gradient.abs()).fold(f64::MIN_POSITIVE, f64::max);
    let bars = width.saturating_sub(widest + 28);
    for (push, label) in pushes.iter().zip(&labels) {
        let (words, style) = match push.gradient {
            g if g <= 0.0 => ("▲ up  ", theme.target),
            _ => ("▼ down", theme.text),
        };
        let length = bar::lying(push.gradient.abs() / most, bars);
        lines.push(Line::from(vec![
            Span::styled(format!("{words} "), style),
            Span::styled(text::pad_end(label, widest), style),
            Span::styled(format!(" p {:>7}", text::probability(push.p)), theme.dim),
            Span::styled(format!(" {:>9} ", signed(push.gradient)), style),
            Span::styled(length, if push.gradient <= 0.0 { theme.target } else { theme.bar }),
        ]));
    }
    lines.truncate(height);
    lines
}

/// The gradient at the cursor with its formula, or why there is none.
fn gradient(app: &App, height: usize) -> Result<(LogitGradient, String), String> {
    let Some(row) = app.cursor.checked_sub(1) else {
        return Err("nothing predicts the first token: no logits, no gradient".into());
    };
    let Some(token) = app.sequence().tokens.get(app.cursor) else {
        return Err(format!("row {row} predicts what would come next: no target"));
    };
    let weight = app.mask().map_or(0.0, |mask| mask.weight(app.cursor));
    if weight == 0.0 {
        return Err(format!(
            "∂L/∂logits[{row}] is 0 everywhere: this token is not scored, the next step pushes nothing"
        ));
    }
    let Some(ledger) = app.ledger().filter(|_| app.is_current()) else {
        return Err("no loss yet, and so no gradient".into());
    };
    let by = ledger.denominator(app.denominator).ok_or("nothing is scored: no gradient")?;
    if app.training.shown.is_some() {
        return Err("of a past step the most likely tokens alone are known; esc goes back to now".into());
    }
    let distribution = app.distribution().ok_or("one moment …")?;
    let found = LogitGradient::new(distribution, token.id, weight, by, height.saturating_sub(2));
    let formula = format!(
        "∂L/∂logits[{row}] = w/D · (softmax − onehot), w/D = {}/{} · {}",
        weight_text(weight),
        weight_text(by),
        share(app, weight)
    );
    Ok((found.ok_or("this token is not in the model's vocabulary")?, formula))
}

fn share(app: &App, weight: f64) -> String {
    let nll = app.analysis.scores.nll(app.cursor);
    let share = nll.and_then(|nll| app.ledger()?.share(weight, nll));
    share.map_or_else(|| "share of the loss unknown".into(), |share| format!("{:.1} % of the loss", share * 100.0))
}

/// With its sign and the digits that count.
fn signed(gradient: f64) -> String {
    match gradient.abs() {
        0.0 => "0".into(),
        small if small < 1e-3 => format!("{gradient:+.1e}").replace('-', "−"),
        _ => format!("{gradient:+.4}").replace('-', "−"),
    }
}
