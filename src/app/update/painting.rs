//! What is painted over the mask.

use ratatui_textarea::Input;

use crate::app::{App, Command, Effect, InputLine, Notice, Overlay, View};
use crate::mask::Stroke;

/// What a command of the view Score paints or selects; false if it does neither.
pub fn run(app: &mut App, command: Command) -> bool {
    if app.view != View::Score {
        return false;
    }
    match command {
        Command::Select => app.painting.anchor = if app.painting.anchor.is_some() { None } else { Some(app.cursor) },
        Command::SelectLeft => extend(app, app.cursor.saturating_sub(1)),
        Command::SelectRight => extend(app, app.cursor + 1),
        Command::PaintTokens => toggle(app, Some(chosen(app)), ""),
        Command::PaintMessage => toggle(app, message(app), "this token is of no message; p paints it alone"),
        Command::PaintPart => toggle(app, part(app), "this token is of no message; p paints it alone"),
        Command::PaintWeight if chosen(app).tokens(app.sequence()).is_empty() => say_why_not(app),
        Command::PaintWeight => app.overlay = Some(Overlay::Weight { typed: InputLine::default() }),
        Command::ClearPaint => clear(app, &chosen(app), "no paint here"),
        Command::ClearAllPaint => clear(app, &Stroke::Tokens(0..app.len()), "nothing is painted"),
        Command::Undo | Command::Redo => go_back(app, command == Command::Redo),
        _ => return false,
    }
    true
}

/// The selection goes from where it began, else from the cursor, to token `t`.
pub fn extend(app: &mut App, t: usize) {
    let anchor = *app.painting.anchor.get_or_insert(app.cursor);
    app.move_cursor_to(t);
    app.painting.anchor = Some(anchor.min(app.len()));
}

/// A command in the line where a weight is typed.
pub fn run_in_prompt(app: &mut App, command: Command) -> Vec<Effect> {
    let Some(Overlay::Weight { typed }) = &app.overlay else { return Vec::new() };
    if command != Command::Accept {
        app.overlay = None;
        return Vec::new();
    }
    match weight(typed.text()) {
        Ok(weight) => {
            app.overlay = None;
            let mut paint = app.painting.paint.clone();
            paint.set(app.sequence(), &chosen(app), weight);
            if app.painting.become_(paint) {
                app.repaint();
            }
        }
        Err(text) => app.notice = Some(Notice { text, is_error: true }),
    }
    Vec::new()
}

/// A key goes to the weight that is typed.
pub fn type_key(app: &mut App, input: Input) -> Vec<Effect> {
    let Some(Overlay::Weight { typed }) = &mut app.overlay else { return Vec::new() };
    typed.input(input);
    app.notice = None;
    Vec::new()
}

/// A paste goes to it.
pub fn paste(app: &mut App, text: &str) {
    if let Some(Overlay::Weight { typed }) = &mut app.overlay {
        typed.paste(text.trim());
    }
}

fn weight(typed: &str) -> Result<f64, String> {
    let number = typed.trim().parse().ok().filter(|weight: &f64| weight.is_finite() && *weight >= 0.0);
    number.ok_or_else(|| match typed.trim() {
        "" => "type a weight: a number from 0 on, such as 0.5".into(),
        typed => format!("{typed:?} is no weight: a weight is a number from 0 on, such as 0.5"),
    })
}

/// The selection, else the token under the cursor.
fn chosen(app: &App) -> Stroke {
    Stroke::Tokens(app.selection().unwrap_or(app.cursor..app.cursor + 1))
}

fn message(app: &App) -> Option<Stroke> {
    app.sequence().tokens.get(app.cursor)?.turn.map(Stroke::Message)
}

fn part(app: &App) -> Option<Stroke> {
    let token = app.sequence().tokens.get(app.cursor)?;
    Some(Stroke::Part(token.turn?, token.part))
}

fn toggle(app: &mut App, stroke: Option<Stroke>, why_none: &str) {
    let Some(stroke) = stroke else { return app.say(why_none) };
    let Some(mask) = app.mask() else { return app.say("no mask to paint over: tab chooses one that applies") };
    if stroke.tokens(app.sequence()).is_empty() {
        return say_why_not(app);
    }
    let mut paint = app.painting.paint.clone();
    paint.toggle(app.sequence(), &stroke, mask);
    if app.painting.become_(paint) {
        app.repaint();
    }
}

fn clear(app: &mut App, stroke: &Stroke, nothing: &str) {
    let mut paint = app.painting.paint.clone();
    paint.clear(app.sequence(), stroke);
    if app.painting.become_(paint) { app.repaint() } else { app.say(nothing) }
}

fn go_back(app: &mut App, again: bool) {
    if app.painting.go_back(again) {
        app.repaint();
    } else {
        app.say(if again {
            "no stroke to paint again"
        } else {
            "no stroke to take back; u takes back a training step"
        });
    }
}

fn say_why_not(app: &mut App) {
    app.say(match app.cursor {
        0 => "nothing predicts the first token: it has no loss to weigh",
        _ => "there is no token here to paint",
    });
}
