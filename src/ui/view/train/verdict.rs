//! What the run did, in words: the verdict from its curves, the best step, and where the last tenth of the loss came from.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::app::{App, LastTenth};
use crate::sequence::visible_text;
use crate::ui::{Theme, text, token};

/// Columns of a token's label.
const LABEL: usize = 14;
/// Tokens that are named at most.
const NAMED: usize = 6;

/// Draws the verdict into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let width = usize::from(area.width);
    let mut lines = Vec::new();
    let mut say = |words: &str, style: Style| {
        lines.extend(text::wrap(words, width).into_iter().map(|line| Line::styled(line, style)));
    };
    let Some(verdict) = app.verdict() else {
        say(
            "too little is measured yet: after a few steps stands here until where the run learned, and what got better \
             and worse with it",
            theme.dim,
        );
        return write(frame, area, lines);
    };
    for sentence in verdict.sentences() {
        say(&visible_text(&sentence), theme.text);
    }
    if let Some(words) = best(app) {
        say(&words, theme.accent);
    }
    if let Some(words) = last_tenth(app) {
        say(&words, theme.text);
    }
    write(frame, area, lines);
}

fn write(frame: &mut Frame, area: Rect, lines: Vec<Line<'static>>) {
    for (line, row) in lines.into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

/// The best step by the probe that decides, and the keys that go there.
fn best(app: &App) -> Option<String> {
    let (step, loss) = app.training.best()?;
    let name = visible_text(&app.training.decider()?.name);
    let more = if app.training.probes.len() > 1 { ", P takes another probe" } else { "" };
    let way = if step == app.training.step { "w saves it" } else { "* goes there, w saves" };
    Some(format!("★ best step by {name}: {} ({loss:.3}); {way}{more}", text::count(step)))
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
        "the last {part:.0} % of the fall, step {} to {}, came from: {named}",
        text::count(from),
        text::count(to)
    ))
}
