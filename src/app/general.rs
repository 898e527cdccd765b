//! The keys and commands that all views have.

use super::keymap::{Binding, Context};
use super::overlay::{self, Overlay};
use super::training::{self, pause};
use super::{Activity, App, Command, Effect, ThemeName, View, guess, lesson, life, next, view};
use crate::loss::Denominator;

/// Tokens or lines that page keys go.
pub(super) const PAGE: isize = 10;

/// Their keys in order, in four parts: a view's own keys stand behind one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Moving,
    Training,
    Masks,
    Rest,
}

impl Part {
    /// Every part, in order.
    pub const EVERY: [Self; 4] = [Self::Moving, Self::Training, Self::Masks, Self::Rest];

    /// The keys of this part.
    pub fn keys(self) -> &'static [Binding] {
        match self {
            Self::Moving => MOVING,
            Self::Training => TRAINING,
            Self::Masks => MASKS,
            Self::Rest => REST,
        }
    }
}

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    Binding { context: Context::Views, keys, command, help, short }
}

const MOVING: &[Binding] = &[
    bind(&["←", "h"], Command::Left, "previous token", ""),
    bind(&["→", "l"], Command::Right, "next token", "←→ token"),
    bind(&["↑", "k"], Command::Up, "previous row", ""),
    bind(&["↓", "j"], Command::Down, "next row", ""),
    bind(&["pgup"], Command::PageUp, "ten tokens back", ""),
    bind(&["pgdn"], Command::PageDown, "ten tokens on", ""),
    bind(&["home", "g"], Command::Home, "first token", ""),
    bind(&["end", "G"], Command::End, "the token that would come next", ""),
    bind(&["n"], Command::NextScored, "next scored token", ""),
    bind(&["N"], Command::PreviousScored, "previous scored token", ""),
];

const TRAINING: &[Binding] = &[
    bind(&["space"], Command::Step, "train: one optimizer step", "space step"),
    bind(&["r"], Command::Run, "train: run, and pause again", "r run"),
    bind(&["u"], Command::UndoStep, "train: undo the last step", ""),
    bind(&["X"], Command::ResetWeights, "train: back to the exact base weights", ""),
    bind(&["L"], Command::Life, "life: this text under the model's checkpoints", ""),
    bind(&[",", "{"], Command::EarlierCheckpoint, "life: the checkpoint before", ""),
    bind(&[".", "}"], Command::LaterCheckpoint, "life: the next checkpoint", ""),
];

const MASKS: &[Binding] = &[
    bind(&["tab"], Command::NextMode, "next mask: mode or profile", "tab mask"),
    bind(&["shift-tab"], Command::PreviousMode, "previous mask", ""),
];

const REST: &[Binding] = &[
    bind(&["d"], Command::NextDenominator, "next denominator of the loss", "d denominator"),
    bind(&["s"], Command::Split, "raw text: start the completion here, or not", "s split"),
    bind(&["S"], Command::EscapeSpecials, "typed special tokens: as text, or as special", ""),
    bind(&["J"], Command::JoinParts, "content in parts: a list, or joined", ""),
    bind(&["K"], Command::NextPacking, "packed records: block or naive packing", ""),
    bind(&["e", "enter"], Command::Edit, "edit the text or the chat", "e edit"),
    bind(&["o"], Command::Open, "open a sample or a file", "o open"),
    bind(&["B"], Command::Browse, "the records of the data set that is open", ""),
    bind(&["["], Command::PreviousRecord, "previous record listed", ""),
    bind(&["]"], Command::NextRecord, "next record listed", ""),
    bind(&["A"], Command::Lesson, "lessons: begin one, leave it, come back to it", "A lesson"),
    bind(&["Q"], Command::Guess, "guess first: token, costliest, mask or loss", ""),
    bind(&["?", "F1"], Command::Help, "help", "? help"),
    bind(&["q", "ctrl-c"], Command::Quit, "quit", "q quit"),
    bind(&["m"], Command::ChooseModel, "choose a model", "m model"),
    bind(&["M"], Command::ChooseSecond, "compare with a second model", ""),
    bind(&["ctrl-s"], Command::HandOut, "hand out: a page, a picture, the session", ""),
    bind(&["c"], Command::NextTheme, "next colour theme", ""),
    bind(&["V", "F5"], Command::Present, "several views at once for a class, or one again", "V present"),
    bind(&[":", "ctrl-p"], Command::Palette, "command palette", ""),
    bind(&["esc"], Command::Cancel, "drop selection, what-if, past step; pause; stop", ""),
    bind(&["R"], Command::Retry, "score again, after a stop or an error", ""),
];

/// What a command does where nothing lies over the view.
pub(super) fn run(app: &mut App, command: Command) -> Vec<Effect> {
    let shared = &mut app.shared;
    match command {
        Command::Left | Command::Up => shared.move_cursor(-1),
        Command::Right | Command::Down => shared.move_cursor(1),
        Command::PageUp => shared.move_cursor(-PAGE),
        Command::PageDown => shared.move_cursor(PAGE),
        Command::Home => shared.move_cursor_to(0),
        Command::End => shared.move_cursor_to(shared.len()),
        Command::NextScored => shared.move_to_scored(1),
        Command::PreviousScored => shared.move_to_scored(-1),
        Command::Show(view) => app.view = view,
        Command::NextView => app.view = next(&View::EVERY, app.view, 1),
        Command::NextMode => shared.step_basis(1),
        Command::PreviousMode => shared.step_basis(-1),
        Command::NextDenominator => shared.divide_by(next(&Denominator::EVERY, shared.denominator, 1)),
        Command::Split => shared.toggle_split(),
        Command::EscapeSpecials => {
            shared.toggle_escape();
            return read_anew(app);
        }
        Command::JoinParts => {
            shared.toggle_join();
            return read_anew(app);
        }
        Command::NextPacking if shared.switch_packing() => return app.analyze(),
        Command::NextTheme => {
            app.theme = next(&ThemeName::EVERY, app.theme, 1);
        }
        Command::Present => app.presenting.toggle(app.view),
        Command::Help => app.overlay = Some(Overlay::Help { scroll: 0 }),
        Command::HandOut => overlay::open_hand_out(app),
        Command::Edit => overlay::edit(app),
        Command::Open | Command::ChooseModel | Command::ChooseSecond | Command::Palette => {
            return overlay::open_list(app, command);
        }
        Command::Lesson => return lesson::list(app),
        Command::Guess => guess::choose(app),
        Command::Browse | Command::PreviousRecord | Command::NextRecord => return overlay::browse(app, command),
        Command::Life => return life::toggle(app),
        Command::EarlierCheckpoint => return life::slide(app, -1),
        Command::LaterCheckpoint => return life::slide(app, 1),
        Command::Step | Command::Run | Command::UndoStep | Command::ResetWeights => return training::ask(app, command),
        Command::Cancel => return cancel(app),
        Command::Retry => return app.analyze(),
        Command::In(command) => return view::run(app, command),
        _ => {}
    }
    Vec::new()
}

/// Samples become tokens in another way from now on, the probes too.
fn read_anew(app: &mut App) -> Vec<Effect> {
    app.asked.probes = false;
    app.analyze()
}

/// One thing ends at a time: what the view has open, a past step, the run, the analysis.
fn cancel(app: &mut App) -> Vec<Effect> {
    if let Some(effects) = view::cancel(app) {
        return effects;
    }
    if app.training.shown.is_some() {
        app.show_step(None);
        return Vec::new();
    }
    if app.training.activity != Activity::Idle {
        return pause(app);
    }
    life::stop(app);
    app.stop_analysis().unwrap_or_default()
}
