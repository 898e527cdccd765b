//! What the run did, in words: the verdict from its curves, the best step, and where the last tenth of the loss came from.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::app::{App, LastTenth};
use crate::sequence::visible_text;
use crate::ui::{Theme, text, token};

const NOTHING: &str = "too little is measured yet: after a few steps stands here until where the run learned, and what got \
                       better and worse with it";
/// Columns of a token's label.
const LABEL: usize = 14;
/// Tokens that are named at most.
const NAMED: usize = 6;

/// Draws the verdict into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let width = usize::from(area.width);
    let lines = |words: &str, style: Style| -> Vec<Line<'static>> {
        text::wrap(words, width).into_iter().map(|line| Line::styled(line, style)).collect()
    };
    let shown = match app.verdict() {
        None => lines(NOTHING, theme.dim),
        Some(verdict) => {
            let rest = [best(app).map(|words| (words, theme.accent)), last_tenth(app).map(|words| (words, theme.text))];
            let rest: Vec<Line> = rest.into_iter().flatten().flat_map(|(words, style)| lines(&words, style)).collect();
            let full = verdict.sentences().into_iter().map(|sentence| visible_text(&sentence));
            let full: Vec<Line> = full.flat_map(|sentence| lines(&sentence, theme.text)).collect();
            // The figures are the first to go: the probes and the curve have them too.
            let has_room = full.len() + rest.len() <= usize::from(area.height);
            let first = if has_room { full } else { lines(&visible_text(&verdict.summary()), theme.text) };
            first.into_iter().chain(rest).collect()
        }
    };
    for (line, row) in shown.into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

/// The best step by the probe that decides, and the keys that go there.
fn best(app: &App) -> Option<String> {
    let (step, loss) = app.training.best()?;
    let name = visible_text(&app.training.decider()?.name);
    let more = if app.training.probes.len() > 1 { ", P another probe" } else { "" };
    let way = if step == app.training.step { "w saves it" } else { "* goes there, w saves" };
    Some(format!("★ best by {name}: step {} ({loss:.3}); {way}{more}", text::count(step)))
}

/// Which tokens the end of the fall came from.
fn last_tenth(app: &App) -> Option<String> {
    let last = LastTenth::new(&app.training.film.frames, app.mask()?)?;
    let (from, to) = last.steps;
    let label = |t: usize| token::label(app, t, LABEL);
    let named = last.tokens.iter().filter(|(_, share)| *share >= 0.01).take(NAMED);
    let named = named.map(|&(t, share)| format!("{} {:.0} %", label(t), share * 100.0));
    let named = named.collect::<Vec<_>>().join(", ");
    let part = last.part * 100.0;
    Some(format!(
        "the last {part:.0} % of the fall, step {} to {}, came from {named}",
        text::count(from),
        text::count(to)
    ))
}
