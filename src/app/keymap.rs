//! The one key table: dispatch, footer, help, command palette and the README's key table all read it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Command, View};

/// Where a key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// In any view or in this one.
    View(View),
    Help,
    Editor,
    Picker,
    /// The list of models.
    Models,
    Settings,
    Save,
    Weight,
    /// The list of records.
    Records,
    /// The line below it, where something is typed.
    RecordLine,
}

/// Which contexts a binding holds in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every view.
    Views,
    /// One view; it wins over [`Scope::Views`].
    View(View),
    Help,
    Editor,
    /// Every list to choose from.
    Picker,
    /// The list of models.
    Models,
    Settings,
    Save,
    Weight,
    /// The list of records.
    Records,
    /// The line below it, where something is typed.
    RecordLine,
}

/// One command with its keys.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    pub scope: Scope,
    /// The keys, as they are written on screen; any of them will do.
    pub keys: &'static [&'static str],
    pub command: Command,
    /// What it does, for help and palette.
    pub help: &'static str,
    /// One or two words for the footer; empty to leave it out there.
    pub short: &'static str,
}

const fn bind(
    scope: Scope,
    keys: &'static [&'static str],
    command: Command,
    help: &'static str,
    short: &'static str,
) -> Binding {
    Binding { scope, keys, command, help, short }
}

/// Every key of the program.
pub const BINDINGS: &[Binding] = &[
    bind(Scope::Views, &["←", "h"], Command::Left, "previous token", ""),
    bind(Scope::Views, &["→", "l"], Command::Right, "next token", "←→ token"),
    bind(Scope::Views, &["↑", "k"], Command::Up, "previous row", ""),
    bind(Scope::Views, &["↓", "j"], Command::Down, "next row", ""),
    bind(Scope::Views, &["pgup"], Command::PageUp, "ten tokens back", ""),
    bind(Scope::Views, &["pgdn"], Command::PageDown, "ten tokens on", ""),
    bind(Scope::Views, &["home", "g"], Command::Home, "first token", ""),
    bind(Scope::Views, &["end", "G"], Command::End, "the token that would come next", ""),
    bind(Scope::Views, &["n"], Command::NextScored, "next scored token", ""),
    bind(Scope::Views, &["N"], Command::PreviousScored, "previous scored token", ""),
    bind(Scope::Views, &["1"], Command::Show(View::Predict), "view Predict: what each token cost", ""),
    bind(Scope::Views, &["2"], Command::Show(View::Attend), "view Attend: what each prediction may see", ""),
    bind(Scope::Views, &["3"], Command::Show(View::Score), "view Score: which tokens count", ""),
    bind(Scope::Views, &["4"], Command::Show(View::Train), "view Train: how the model learns, step by step", ""),
    bind(Scope::Views, &["5"], Command::Show(View::Compare), "view Compare: a second model on the same text", ""),
    bind(Scope::Views, &["v"], Command::NextView, "next view", ""),
    bind(Scope::View(View::Score), &["↑", "k"], Command::Up, "previous mode or profile, which counts at once", ""),
    bind(Scope::View(View::Score), &["↓", "j"], Command::Down, "next mode or profile", ""),
    bind(Scope::View(View::Score), &["p"], Command::PaintTokens, "paint: score the selected tokens, or not", "p paint"),
    bind(
        Scope::View(View::Score),
        &["x"],
        Command::Select,
        "begin a selection here, or end it; the mouse drags one",
        "x select",
    ),
    bind(Scope::View(View::Score), &["shift-←"], Command::SelectLeft, "select to the left", ""),
    bind(Scope::View(View::Score), &["shift-→"], Command::SelectRight, "select to the right", ""),
    bind(Scope::View(View::Score), &["W"], Command::PaintWeight, "paint a weight on the selected tokens", ""),
    bind(Scope::View(View::Score), &["P"], Command::PaintMessage, "paint the whole message: score it, or not", ""),
    bind(Scope::View(View::Score), &["O"], Command::PaintPart, "paint this part of the message", ""),
    bind(Scope::View(View::Score), &["C"], Command::ClearPaint, "take the paint off the selected tokens", ""),
    bind(Scope::View(View::Score), &["E"], Command::ClearAllPaint, "take all paint off", ""),
    bind(Scope::View(View::Score), &["z", "ctrl-z"], Command::Undo, "take back the last stroke of paint", "z undo"),
    bind(Scope::View(View::Score), &["Z", "ctrl-y"], Command::Redo, "paint it again", ""),
    bind(Scope::View(View::Score), &["i"], Command::NextPanel, "loss, labels, gradient, findings, packing", "i panel"),
    bind(Scope::View(View::Score), &["f"], Command::NextFinding, "next finding", "f finding"),
    bind(Scope::Views, &["space"], Command::Step, "train: one optimizer step", "space step"),
    bind(Scope::Views, &["r"], Command::Run, "train: run, and pause again", "r run"),
    bind(Scope::Views, &["u"], Command::UndoStep, "train: undo the last step", ""),
    bind(Scope::Views, &["X"], Command::ResetWeights, "train: back to the exact base weights", ""),
    bind(Scope::View(View::Train), &["↑", "k"], Command::Up, "an earlier step of the film, in every view", "↑↓ film"),
    bind(Scope::View(View::Train), &["↓", "j"], Command::Down, "a later step of the film", ""),
    bind(Scope::View(View::Train), &["b"], Command::Rewind, "rewind the weights to the step shown", "b back"),
    bind(Scope::View(View::Train), &["+", "="], Command::RaiseRate, "higher learning rate", "+- lr"),
    bind(Scope::View(View::Train), &["-"], Command::LowerRate, "lower learning rate", ""),
    bind(Scope::View(View::Train), &["s"], Command::TrainingSettings, "training settings", "s settings"),
    bind(Scope::View(View::Train), &["t"], Command::TwinRun, "twin run: two copies side by side; end it", "t twin"),
    bind(Scope::View(View::Train), &["i"], Command::NextPanel, "movers, probes, samples, gradients", "i panel"),
    bind(Scope::View(View::Train), &["p"], Command::Probe, "watch this sentence as a probe, or no more", "p probe"),
    bind(
        Scope::View(View::Train),
        &["a"],
        Command::Collect,
        "add this sentence to the training set, or take it out",
        "",
    ),
    bind(
        Scope::View(View::Train),
        &["D"],
        Command::DataSet,
        "train on a data set (JSONL), or on the screen again",
        "D data",
    ),
    bind(Scope::View(View::Train), &["w"], Command::Save, "save the weights", "w save"),
    bind(Scope::Views, &["tab"], Command::NextMode, "next mask: mode or profile", "tab mask"),
    bind(Scope::Views, &["shift-tab"], Command::PreviousMode, "previous mask", ""),
    bind(Scope::View(View::Predict), &["+", "="], Command::MoreCandidates, "more candidates", "+- top-k"),
    bind(Scope::View(View::Predict), &["-"], Command::FewerCandidates, "fewer candidates", ""),
    bind(Scope::View(View::Predict), &["t"], Command::Hotter, "higher temperature", "t T temp"),
    bind(Scope::View(View::Predict), &["T"], Command::Cooler, "lower temperature", ""),
    bind(Scope::View(View::Predict), &["0"], Command::ResetTemperature, "temperature 1", ""),
    bind(Scope::View(View::Predict), &["w"], Command::WhatIf, "what if another token were the target?", "w what if"),
    bind(Scope::View(View::Compare), &["x"], Command::EndCompare, "let the second model go", "x end"),
    bind(Scope::View(View::Attend), &["i"], Command::NextLayers, "layers with another attention mask", ""),
    bind(Scope::Views, &["d"], Command::NextDenominator, "next denominator of the loss", "d denominator"),
    bind(Scope::Views, &["s"], Command::Split, "raw text: start the completion here, or not", "s split"),
    bind(Scope::Views, &["S"], Command::EscapeSpecials, "typed special tokens: as text, or as special", ""),
    bind(Scope::Views, &["J"], Command::JoinParts, "content in parts: a list, or joined", ""),
    bind(Scope::Views, &["K"], Command::NextPacking, "packed records: block or naive packing", ""),
    bind(Scope::Views, &["e", "enter"], Command::Edit, "edit the text or the chat", "e edit"),
    bind(Scope::Views, &["o"], Command::Open, "open a sample or a file", "o open"),
    bind(Scope::Views, &["B"], Command::Browse, "the records of the data set that is open", ""),
    bind(Scope::Views, &["["], Command::PreviousRecord, "previous record listed", ""),
    bind(Scope::Views, &["]"], Command::NextRecord, "next record listed", ""),
    bind(Scope::Views, &["?", "F1"], Command::Help, "help", "? help"),
    bind(Scope::Views, &["q", "ctrl-c"], Command::Quit, "quit", "q quit"),
    bind(Scope::Views, &["m"], Command::ChooseModel, "choose a model", "m model"),
    bind(Scope::Views, &["M"], Command::ChooseSecond, "compare with a second model", ""),
    bind(Scope::Views, &["c"], Command::NextTheme, "next colour theme", ""),
    bind(Scope::Views, &[":", "ctrl-p"], Command::Palette, "command palette", ""),
    bind(Scope::Views, &["esc"], Command::Cancel, "drop selection, what-if, past step; pause; stop", ""),
    bind(Scope::Views, &["R"], Command::Retry, "score again, after a stop or an error", ""),
    bind(Scope::Help, &["↓", "j"], Command::Down, "scroll down", "↑↓ scroll"),
    bind(Scope::Help, &["↑", "k"], Command::Up, "scroll up", ""),
    bind(Scope::Help, &["pgdn", "space"], Command::PageDown, "page down", ""),
    bind(Scope::Help, &["pgup"], Command::PageUp, "page up", ""),
    bind(Scope::Help, &["esc", "q", "?", "F1", "enter"], Command::Cancel, "close help", "esc close"),
    bind(Scope::Help, &["ctrl-c"], Command::Quit, "quit", ""),
    bind(Scope::Editor, &["esc"], Command::Cancel, "close the editor, keep the text", "esc done"),
    bind(Scope::Editor, &["tab"], Command::NextTurn, "next turn (raw text: a tab)", "tab turn"),
    bind(Scope::Editor, &["shift-tab"], Command::PreviousTurn, "previous turn", ""),
    bind(Scope::Editor, &["ctrl-n"], Command::AddTurn, "add a turn after this one", "ctrl-n add"),
    bind(Scope::Editor, &["ctrl-d"], Command::RemoveTurn, "remove this turn", "ctrl-d remove"),
    bind(Scope::Editor, &["ctrl-r"], Command::NextRole, "change the turn's role", "ctrl-r role"),
    bind(Scope::Editor, &["alt-↑", "ctrl-↑"], Command::MoveTurnUp, "move the turn up", "alt-↑↓ move"),
    bind(Scope::Editor, &["alt-↓", "ctrl-↓"], Command::MoveTurnDown, "move the turn down", ""),
    bind(Scope::Editor, &["ctrl-t"], Command::ToggleChat, "text to chat and back", "ctrl-t text/chat"),
    bind(Scope::Editor, &["ctrl-z"], Command::Undo, "undo", "ctrl-z undo"),
    bind(Scope::Editor, &["ctrl-y"], Command::Redo, "redo", ""),
    bind(Scope::Editor, &["ctrl-c"], Command::Quit, "quit", ""),
    bind(Scope::Picker, &["↑", "ctrl-k"], Command::Up, "previous line", ""),
    bind(Scope::Picker, &["↓", "ctrl-j"], Command::Down, "next line", "↑↓ choose"),
    bind(Scope::Picker, &["pgup"], Command::PageUp, "ten lines up", ""),
    bind(Scope::Picker, &["pgdn"], Command::PageDown, "ten lines down", ""),
    bind(Scope::Picker, &["enter"], Command::Accept, "take it", "enter take"),
    bind(Scope::Picker, &["esc"], Command::Cancel, "close", "esc close"),
    bind(Scope::Picker, &["ctrl-c"], Command::Quit, "quit", ""),
    bind(Scope::Models, &["tab"], Command::Details, "what the model is, and the memory it takes", "tab details"),
    bind(Scope::Models, &["ctrl-d"], Command::RemoveModel, "take it off this machine; asks once more", "ctrl-d remove"),
    bind(Scope::Settings, &["↑", "k"], Command::Up, "previous setting", ""),
    bind(Scope::Settings, &["↓", "j"], Command::Down, "next setting", "↑↓ choose"),
    bind(Scope::Settings, &["←", "h"], Command::Left, "lower value, previous choice", ""),
    bind(Scope::Settings, &["→", "l"], Command::Right, "higher value, next choice", "←→ change"),
    bind(Scope::Settings, &["enter"], Command::Accept, "set the value that was typed", "enter set"),
    bind(Scope::Settings, &["esc", "q"], Command::Cancel, "close", "esc close"),
    bind(Scope::Settings, &["ctrl-c"], Command::Quit, "quit", ""),
    bind(Scope::Save, &["enter"], Command::Accept, "save the weights there", "enter save"),
    bind(Scope::Save, &["esc"], Command::Cancel, "do not save", "esc cancel"),
    bind(Scope::Save, &["ctrl-c"], Command::Quit, "quit", ""),
    bind(Scope::Weight, &["enter"], Command::Accept, "paint the weight that was typed", "enter paint"),
    bind(Scope::Weight, &["esc"], Command::Cancel, "paint nothing", "esc cancel"),
    bind(Scope::Weight, &["ctrl-c"], Command::Quit, "quit", ""),
    bind(Scope::Records, &["↑", "k"], Command::Up, "previous record", ""),
    bind(Scope::Records, &["↓", "j"], Command::Down, "next record", "↑↓ choose"),
    bind(Scope::Records, &["pgup"], Command::PageUp, "a page up", ""),
    bind(Scope::Records, &["pgdn", "space"], Command::PageDown, "a page down", ""),
    bind(Scope::Records, &["home"], Command::Home, "first record", ""),
    bind(Scope::Records, &["end", "G"], Command::End, "last record", ""),
    bind(Scope::Records, &["enter"], Command::Accept, "open the record in all views", "enter open"),
    bind(
        Scope::Records,
        &["f"],
        Command::FilterRecords,
        "list those with a finding, a role, longer than N",
        "f filter",
    ),
    bind(Scope::Records, &["/"], Command::Search, "list those with a text", "/ search"),
    bind(Scope::Records, &["g"], Command::Jump, "go to a record by its number", "g jump"),
    bind(Scope::Records, &["R"], Command::Retry, "read the file anew, under the mask in use", ""),
    bind(Scope::Records, &["esc", "q", "B"], Command::Cancel, "stop reading; close", "esc close"),
    bind(Scope::Records, &["ctrl-c"], Command::Quit, "quit", ""),
    bind(Scope::RecordLine, &["enter"], Command::Accept, "take what was typed", "enter take"),
    bind(Scope::RecordLine, &["esc"], Command::Cancel, "leave it", "esc leave"),
    bind(Scope::RecordLine, &["ctrl-c"], Command::Quit, "quit", ""),
];

impl Scope {
    /// Whether a binding of this scope holds in `context`.
    pub fn holds_in(self, context: Context) -> bool {
        match (self, context) {
            (Scope::Views, Context::View(_)) => true,
            (Scope::View(own), Context::View(view)) => own == view,
            (Scope::Help, Context::Help)
            | (Scope::Editor, Context::Editor)
            | (Scope::Picker, Context::Picker | Context::Models)
            | (Scope::Models, Context::Models)
            | (Scope::Settings, Context::Settings)
            | (Scope::Save, Context::Save)
            | (Scope::Weight, Context::Weight)
            | (Scope::Records, Context::Records)
            | (Scope::RecordLine, Context::RecordLine) => true,
            _ => false,
        }
    }

    /// The heading the help puts over the bindings of this scope.
    pub fn title(self) -> &'static str {
        match self {
            Scope::Views => "Everywhere",
            Scope::View(view) => view.title(),
            Scope::Help => "Help",
            Scope::Editor => "Editor",
            Scope::Picker => "Lists",
            Scope::Models => "List of models",
            Scope::Settings => "Training settings",
            Scope::Save => "Save",
            Scope::Weight => "Painted weight",
            Scope::Records => "Records",
            Scope::RecordLine => "Records: jump, search",
        }
    }
}

/// The command that `key` stands for in `context`.
pub fn command(context: Context, key: KeyEvent) -> Option<Command> {
    let name = key_name(key)?;
    named(context, &name).or_else(|| named(context, name.strip_prefix("shift-")?))
}

fn named(context: Context, name: &str) -> Option<Command> {
    let of = |wanted: fn(Scope) -> bool| {
        BINDINGS
            .iter()
            .filter(move |binding| wanted(binding.scope) && binding.scope.holds_in(context))
            .find(|binding| binding.keys.contains(&name))
    };
    of(|scope| matches!(scope, Scope::View(_)))
        .or_else(|| of(|scope| !matches!(scope, Scope::View(_))))
        .map(|binding| binding.command)
}

/// The bindings that hold in `context`, for footer and palette.
pub fn bindings(context: Context) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |binding| binding.scope.holds_in(context))
}

/// Every binding, by scope, for the help and the README.
pub fn groups() -> impl Iterator<Item = (Scope, Vec<&'static Binding>)> {
    let mut scopes: Vec<Scope> = Vec::new();
    for binding in BINDINGS {
        if !scopes.contains(&binding.scope) {
            scopes.push(binding.scope);
        }
    }
    scopes.into_iter().map(|scope| (scope, BINDINGS.iter().filter(|binding| binding.scope == scope).collect()))
}

/// A key as the table writes it.
fn key_name(key: KeyEvent) -> Option<String> {
    let base = match key.code {
        KeyCode::Char(' ') => "space".into(),
        KeyCode::Char(c) if key.modifiers.intersects(KeyModifiers::CONTROL) => c.to_ascii_lowercase().to_string(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Left => "←".into(),
        KeyCode::Right => "→".into(),
        KeyCode::Up => "↑".into(),
        KeyCode::Down => "↓".into(),
        KeyCode::PageUp => "pgup".into(),
        KeyCode::PageDown => "pgdn".into(),
        KeyCode::Home => "home".into(),
        KeyCode::End => "end".into(),
        KeyCode::Enter => "enter".into(),
        KeyCode::Tab => "tab".into(),
        KeyCode::BackTab => return Some("shift-tab".into()),
        KeyCode::Esc => "esc".into(),
        KeyCode::F(n) => format!("F{n}"),
        _ => return None,
    };
    let prefix = if key.modifiers.contains(KeyModifiers::CONTROL) {
        "ctrl-"
    } else if key.modifiers.contains(KeyModifiers::ALT) {
        "alt-"
    } else if key.modifiers.contains(KeyModifiers::SHIFT) && matches!(key.code, KeyCode::Left | KeyCode::Right) {
        "shift-"
    } else {
        ""
    };
    Some(format!("{prefix}{base}"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_scope_binds_a_key_twice() {
        let mut seen = HashSet::new();
        for binding in BINDINGS {
            for key in binding.keys {
                assert!(seen.insert((format!("{:?}", binding.scope), *key)), "{key} twice in {:?}", binding.scope);
            }
        }
    }

    #[test]
    fn a_view_binding_wins_over_a_general_one() {
        let key = KeyEvent::new(KeyCode::Char('t'), KeyModifiers::NONE);
        assert_eq!(command(Context::View(View::Predict), key), Some(Command::Hotter));
        assert_eq!(command(Context::View(View::Attend), key), None);
    }

    #[test]
    fn modified_keys_are_told_apart() {
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(command(Context::Editor, key), Some(Command::Quit));
        assert_eq!(command(Context::Editor, KeyEvent::new(KeyCode::Char('c'), KeyModifiers::NONE)), None);
    }
}
