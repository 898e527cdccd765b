//! What is painted over the mask.

use super::Command;
use crate::app::{App, InputLine, Overlay};
use crate::mask::Stroke;

/// Selects or paints.
pub fn run(app: &mut App, command: Command) {
    match command {
        Command::Select => app.shared.toggle_selection(),
        Command::SelectLeft => app.shared.select_to(app.cursor.saturating_sub(1)),
        Command::SelectRight => app.shared.select_to(app.cursor + 1),
        Command::PaintTokens => toggle(app, Some(app.chosen_tokens()), ""),
        Command::PaintMessage => toggle(app, message(app), "this token is of no message; p paints it alone"),
        Command::PaintPart => toggle(app, part(app), "this token is of no message; p paints it alone"),
        Command::PaintWeight if app.chosen_tokens().tokens(app.sequence()).is_empty() => say_why_not(app),
        Command::PaintWeight => app.overlay = Some(Overlay::Weight { typed: InputLine::default() }),
        Command::ClearPaint => clear(app, &app.chosen_tokens(), "no paint here"),
        Command::ClearAllPaint => clear(app, &Stroke::Tokens(0..app.len()), "nothing is painted"),
        Command::Undo => {
            if !app.shared.unpaint(false) {
                app.shared.say("no stroke to take back; u takes back a training step");
            }
        }
        Command::Redo => {
            if !app.shared.unpaint(true) {
                app.shared.say("no stroke to paint again");
            }
        }
        Command::PreviousRow | Command::NextRow | Command::NextPanel | Command::NextFinding => {}
    }
}

fn message(app: &App) -> Option<Stroke> {
    app.sequence().tokens.get(app.cursor)?.turn.map(Stroke::Message)
}

fn part(app: &App) -> Option<Stroke> {
    let token = app.sequence().tokens.get(app.cursor)?;
    Some(Stroke::Part(token.turn?, token.part))
}

fn toggle(app: &mut App, stroke: Option<Stroke>, why_none: &str) {
    let Some(stroke) = stroke else { return app.shared.say(why_none) };
    let Some(mask) = app.mask() else { return app.shared.say("no mask to paint over: tab chooses one that applies") };
    if stroke.tokens(app.sequence()).is_empty() {
        return say_why_not(app);
    }
    let mut paint = app.painting.paint.clone();
    paint.toggle(app.sequence(), &stroke, mask);
    app.shared.paint(paint);
}

fn clear(app: &mut App, stroke: &Stroke, nothing: &str) {
    let mut paint = app.painting.paint.clone();
    paint.clear(app.sequence(), stroke);
    if !app.shared.paint(paint) {
        app.shared.say(nothing);
    }
}

fn say_why_not(app: &mut App) {
    app.shared.say(match app.cursor {
        0 => "nothing predicts the first token: it has no loss to weigh",
        _ => "there is no token here to paint",
    });
}
