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
/// Whether what each probe cost is told, and how many tokens are named at most: the first that there is room for. The
/// figures go first, for the probes and the curve have them too.
const LAYOUTS: [(bool, usize); 5] = [(true, 6), (true, 3), (false, 6), (false, 3), (false, 1)];

/// Draws the verdict into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let width = usize::from(area.width);
    let lines = |words: &str, style: Style| -> Vec<Line<'static>> {
        text::wrap(words, width).into_iter().map(|line| Line::styled(line, style)).collect()
    };
    let Some(verdict) = app.verdict() else {
        return write(frame, area, lines(NOTHING, theme.dim));
    };
    let last = app.last_tenth();
    let composed = |(has_figures, most): (bool, usize)| {
        let first = if has_figures { verdict.sentences() } else { vec![verdict.summary()] };
        let mut all: Vec<Line> = first.iter().flat_map(|words| lines(&visible_text(words), theme.text)).collect();
        all.extend(best(app).map_or_else(Vec::new, |words| lines(&words, theme.accent)));
        all.extend(
            last.as_ref()
                .map(|last| last_words(app, last, most))
                .map_or_else(Vec::new, |words| lines(&words, theme.text)),
        );
        all
    };
    let mut layouts = LAYOUTS.into_iter().map(composed);
    let fitting = layouts.find(|lines| lines.len() <= usize::from(area.height));
    write(frame, area, fitting.unwrap_or_else(|| composed(LAYOUTS[LAYOUTS.len() - 1])));
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
    if step == 0 {
        return Some(format!("★ best by {name}: the base weights ({loss:.3}); no step made it better"));
    }
    let more = if app.training.probes.len() > 1 { ", P another probe" } else { "" };
    let way = if step == app.training.step { "w saves it" } else { "* goes there, w saves" };
    Some(format!("★ best by {name}: step {} ({loss:.3}); {way}{more}", text::count(step)))
}

/// Which tokens the end of the fall came from, at most so many of them.
fn last_words(app: &App, last: &LastTenth, most: usize) -> String {
    let (from, to) = last.steps;
    let label = |t: usize| token::label(app, t, LABEL);
    let named = last.tokens.iter().filter(|(_, share)| *share >= 0.01).take(most);
    let named: Vec<String> = named.map(|&(t, share)| format!("{} {:.0} %", label(t), share * 100.0)).collect();
    let (part, named) = (last.part * 100.0, named.join(", "));
    format!("last {part:.0} % of the fall (steps {}–{}): {named}", text::count(from), text::count(to))
}
