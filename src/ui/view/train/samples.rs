//! What the model writes by itself, then and now.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::app::{App, Continuation, WRITTEN};
use crate::sequence::visible_text;
use crate::ui::{Theme, text};

/// Draws the continuations into `area`, each with the step it comes from.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    for (line, row) in lines(app, theme, usize::from(area.width), usize::from(area.height)).into_iter().zip(area.rows())
    {
        frame.render_widget(line, row);
    }
}

fn lines(app: &App, theme: &Theme, width: usize, height: usize) -> Vec<Line<'static>> {
    let training = &app.training;
    let wrapped = |words: &str, style: Style| -> Vec<Line<'static>> {
        text::wrap(words, width).into_iter().map(|line| Line::styled(line, style)).collect()
    };
    let (then, now) = (training.before.as_ref(), training.now.as_ref());
    let Some(any) = now.or(then) else {
        return wrapped(
            "nothing is written yet: what the model says before and after training, in its own words",
            theme.dim,
        );
    };
    let names: Vec<String> = match &training.twin {
        Some(twin) => twin.names.iter().map(|name| visible_text(name)).collect(),
        None => Vec::new(),
    };
    // The beginning of the prompt is what gives way.
    let prompt = text::fit_end(&visible_text(&any.prompt), width.saturating_sub(7));
    let mut lines = vec![Line::styled(format!("after “{prompt}”"), theme.dim)];
    let texts = [("then", then), ("now", now)];
    let count: usize = texts.iter().filter_map(|(_, one)| one.map(shown)).sum();
    let room = height.saturating_sub(1) / count.max(1);
    for (when, one) in texts {
        let Some(one) = one else {
            lines.push(Line::styled(format!("{when}: –"), theme.dim));
            continue;
        };
        for (side, written) in one.texts.iter().take(shown(one)).enumerate() {
            let style = if when == "now" { theme.text } else { theme.dim };
            let name = names.get(side).filter(|_| shown(one) > 1);
            let mut words = wrapped(&words(when, one, name, side), style);
            if words.len() > room.max(1) {
                words.truncate(room.max(1));
                if let Some(last) = words.last_mut() {
                    let ending = if written.stopped { "…".into() } else { no_stop() };
                    let kept = text::fit_start(&last.to_string(), width.saturating_sub(ending.chars().count()));
                    *last = Line::styled(format!("{}{ending}", kept.trim_end_matches('…')), style);
                }
            }
            lines.extend(words);
        }
    }
    lines
}

/// How many of the copies' texts are shown: one where all are the same, as at the base weights.
fn shown(one: &Continuation) -> usize {
    if one.texts.windows(2).all(|pair| pair[0] == pair[1]) { one.texts.len().min(1) } else { one.texts.len() }
}

/// One text with its step, and its copy's name in a twin run.
fn words(when: &str, one: &Continuation, name: Option<&String>, side: usize) -> String {
    let written = &one.texts[side];
    let name = name.map_or_else(String::new, |name| format!(", {name}"));
    let text = visible_text(&written.text);
    let ending = if written.stopped { String::new() } else { format!(" {}", no_stop()) };
    format!("{when} (step {}{name}): {text}{ending}", one.step)
}

/// What stands where a stop token should.
fn no_stop() -> String {
    format!("… did not stop within {WRITTEN} tokens")
}
