//! The loss as arithmetic: sums, counts, and L under every denominator.

use ratatui::text::{Line, Span};

use crate::app::{App, Progress};
use crate::loss::{Denominator, Ledger, weight_text};
use crate::ui::{Theme, text};

/// The ledger with a line for each denominator, or in three lines where these do not fit into `room`.
pub fn lines_in(app: &App, theme: &Theme, width: usize, room: usize) -> Vec<Line<'static>> {
    let full = lines(app, theme, width);
    if full.len() <= room { full } else { short_lines(app, theme, width) }
}

/// The ledger with a line for each denominator.
fn lines(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let ledger = match settled(app) {
        Ok(ledger) => ledger,
        Err(why) => return unsettled(theme, &why, width),
    };
    let mut lines = vec![Line::styled(sums(ledger), theme.text)];
    for denominator in Denominator::EVERY {
        let (mark, style) = mark(app, theme, denominator);
        let figures = arithmetic(ledger, denominator);
        let spans = vec![
            Span::styled(mark, theme.accent),
            Span::styled(format!("{:<8}", denominator.name()), style),
            Span::styled(figures, style),
            Span::styled(format!("  {}", meaning(denominator)), theme.dim),
        ];
        lines.push(Line::from(spans));
    }
    let figures = derived(ledger, app.denominator, Scale::Full);
    let figures = figures.iter().flat_map(|figure| text::wrap(figure, width));
    lines.extend(figures.map(|line| Line::styled(line, theme.text)));
    lines.push(Line::styled("d takes another denominator", theme.dim));
    lines
}

/// The ledger in three lines.
fn short_lines(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let ledger = match settled(app) {
        Ok(ledger) => ledger,
        Err(why) => return unsettled(theme, &why, width),
    };
    let mut losses = Vec::new();
    for denominator in Denominator::EVERY {
        let (mark, style) = mark(app, theme, denominator);
        let loss = ledger.loss(denominator).map_or_else(|| "undefined".into(), |loss| format!("{loss:.3}"));
        losses.push(Span::styled(mark, theme.accent));
        losses.push(Span::styled(format!("{} {loss}  ", denominator.name()), style));
    }
    let scales = [Scale::Full, Scale::Short, Scale::None];
    let scales = scales.map(|scale| derived(ledger, app.denominator, scale).join(" · "));
    let [.., none] = &scales;
    let figures = scales.iter().find(|figures| figures.chars().count() <= width).unwrap_or(none).clone();
    vec![Line::styled(sums(ledger), theme.text), Line::from(losses), Line::styled(figures, theme.text)]
}

/// The current ledger, or why there is none.
fn settled(app: &App) -> Result<&Ledger, String> {
    let Some(scoring) = app.scoring().filter(|_| app.is_current()) else {
        return Err("no loss yet: what is asked for now is not tokenised".into());
    };
    match (&scoring.mask, &scoring.ledger) {
        (Err(error), _) => Err(format!("no loss: {error}")),
        (Ok(mask), _) if mask.scored() == 0 => Err("nothing is scored: the loss is undefined, not 0".into()),
        (_, Some(ledger)) => Ok(ledger),
        (Ok(_), None) => {
            let (done, of) = (text::count(app.analysis.scores.len()), text::count(app.len()));
            let state = match app.analysis.progress {
                Progress::Failed(_) => "failed",
                Progress::Cancelled => "was stopped",
                _ => "is under way",
            };
            Err(format!("no loss yet: scoring {state}, {done} of {of} rows are there, and some scored token has none"))
        }
    }
}

fn unsettled(theme: &Theme, why: &str, width: usize) -> Vec<Line<'static>> {
    text::wrap(why, width).into_iter().map(|line| Line::styled(line, theme.warning)).collect()
}

fn mark(app: &App, theme: &Theme, denominator: Denominator) -> (&'static str, ratatui::style::Style) {
    if denominator == app.denominator { ("▸ ", theme.text.patch(theme.cursor_row)) } else { ("  ", theme.dim) }
}

fn sums(ledger: &Ledger) -> String {
    format!(
        "Σ w·nll {:.3} · scored {} · Σ w {} · n−1 {}",
        ledger.sum,
        text::count(ledger.scored),
        weight_text(ledger.weight),
        text::count(ledger.targets)
    )
}

fn arithmetic(ledger: &Ledger, denominator: Denominator) -> String {
    let (Some(loss), Some(by)) = (ledger.loss(denominator), ledger.denominator(denominator)) else {
        return "undefined".into();
    };
    format!("{:.3} / {} = {loss:.3} nats", ledger.sum, weight_text(by))
}

fn meaning(denominator: Denominator) -> &'static str {
    match denominator {
        Denominator::Scored => "mean over scored",
        Denominator::Weights => "mean by weight",
        Denominator::All => "over all targets",
        Denominator::Sum => "the sum itself",
    }
}

/// What is read off the loss, with what each figure is to be measured by: in full, in short, and without.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scale {
    Full,
    Short,
    None,
}

fn derived(ledger: &Ledger, denominator: Denominator, scale: Scale) -> Vec<String> {
    let mut figures = Vec::new();
    if let Some(perplexity) = ledger.perplexity(denominator) {
        let figure = if perplexity < 1e4 { format!("{perplexity:.2}") } else { format!("{perplexity:.2e}") };
        let among = text::among(perplexity);
        figures.push(match scale {
            Scale::Full => format!("perplexity {figure}: as unsure as among {among}"),
            Scale::Short => format!("ppl {figure}: as among {among}"),
            Scale::None => format!("perplexity {figure}"),
        });
    }
    if let Some(bits) = ledger.bits_per_byte() {
        figures.push(match scale {
            Scale::Full => format!("{bits:.3} bits per byte (0: sure, 8: every byte as likely)"),
            Scale::Short => format!("{bits:.3} of 8 bits per byte"),
            Scale::None => format!("{bits:.3} bits per byte"),
        });
    }
    if let Some(accuracy) = ledger.accuracy() {
        let counts =
            if scale == Scale::Short { String::new() } else { format!(" ({} of {})", ledger.correct, ledger.scored) };
        figures.push(format!("accuracy {:.0} %{counts}", accuracy * 100.0));
    }
    figures
}
