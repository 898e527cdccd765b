//! The view Score: which mask counts, what is painted over it, and the panel below.

mod painter;

use super::{Room, View, ViewCommand};
use crate::app::general::Part;
use crate::app::keymap::{Binding, Context};
use crate::app::{App, Effect, next};

/// What the lower part of the view Score shows, beside the token under the cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ScorePanel {
    /// The loss as arithmetic.
    #[default]
    Ledger,
    /// `input_ids` and `labels` as a trainer sees them.
    Labels,
    /// Which tokens the next step pushes up and down.
    Gradient,
    Findings,
    /// What each document of a pack costs by itself, and after what stands before it.
    Packing,
}

impl ScorePanel {
    /// The panels of every sequence, in the order of their tabs.
    pub const EVERY: [Self; 4] = [Self::Ledger, Self::Labels, Self::Gradient, Self::Findings];
    /// Those of a pack.
    pub const PACKED: [Self; 5] = [Self::Ledger, Self::Labels, Self::Gradient, Self::Findings, Self::Packing];

    /// The tab's title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Ledger => "Loss",
            Self::Labels => "Labels",
            Self::Gradient => "Gradient",
            Self::Findings => "Findings",
            Self::Packing => "Packing",
        }
    }
}

/// What the view remembers.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// What its lower part shows.
    pub panel: ScorePanel,
}

/// What only this view can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    PreviousRow,
    NextRow,
    /// The selection begins here, or ends.
    Select,
    SelectLeft,
    SelectRight,
    PaintTokens,
    PaintMessage,
    PaintPart,
    PaintWeight,
    ClearPaint,
    ClearAllPaint,
    /// The last stroke of paint.
    Undo,
    Redo,
    NextPanel,
    NextFinding,
}

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    let command = crate::app::Command::In(ViewCommand::Score(command));
    Binding { context: Context::View(View::Score), keys, command, help, short }
}

impl Room for Score {
    const ABOUT: &'static str = "view Score: which tokens count";
    const BEHIND: Part = Part::Moving;
    const KEYS: &'static [Binding] = &[
        bind(&["↑", "k"], Command::PreviousRow, "previous mode or profile, which counts at once", ""),
        bind(&["↓", "j"], Command::NextRow, "next mode or profile", ""),
        bind(&["p"], Command::PaintTokens, "paint: score the selected tokens, or not", "p paint"),
        bind(&["x"], Command::Select, "begin a selection here, or end it; the mouse drags one", "x select"),
        bind(&["shift-←"], Command::SelectLeft, "select to the left", ""),
        bind(&["shift-→"], Command::SelectRight, "select to the right", ""),
        bind(&["W"], Command::PaintWeight, "paint a weight on the selected tokens", ""),
        bind(&["P"], Command::PaintMessage, "paint the whole message: score it, or not", ""),
        bind(&["O"], Command::PaintPart, "paint this part of the message", ""),
        bind(&["C"], Command::ClearPaint, "take the paint off the selected tokens", ""),
        bind(&["E"], Command::ClearAllPaint, "take all paint off", ""),
        bind(&["z", "ctrl-z"], Command::Undo, "take back the last stroke of paint", "z undo"),
        bind(&["Z", "ctrl-y"], Command::Redo, "paint it again", ""),
        bind(&["i"], Command::NextPanel, "loss, labels, gradient, findings, packing", "i panel"),
        bind(&["f"], Command::NextFinding, "next finding", "f finding"),
    ];
    type Command = Command;

    fn run(app: &mut App, command: Command) -> Vec<Effect> {
        match command {
            Command::PreviousRow => app.shared.step_basis(-1),
            Command::NextRow => app.shared.step_basis(1),
            Command::NextPanel => app.views.score.panel = next(app.score_panels(), app.views.score.panel, 1),
            Command::NextFinding => next_finding(app),
            command => painter::run(app, command),
        }
        Vec::new()
    }

    fn drag(app: &mut App, t: usize) {
        app.shared.select_to(t);
    }

    fn cancel(app: &mut App) -> Option<Vec<Effect>> {
        app.shared.end_selection().then(Vec::new)
    }

    fn panels() -> Vec<&'static str> {
        ScorePanel::PACKED.iter().map(|panel| panel.title()).collect()
    }

    fn show_panel(&mut self, panel: usize) {
        self.panel = ScorePanel::PACKED.get(panel).copied().unwrap_or_default();
    }
}

/// The cursor goes to the next token that something is found at, round and round.
fn next_finding(app: &mut App) {
    if app.findings.is_empty() {
        return app.shared.say("nothing is found wrong under this mask");
    }
    app.views.score.panel = ScorePanel::Findings;
    let mut places: Vec<usize> = app.findings.iter().filter_map(|finding| finding.token).collect();
    places.sort_unstable();
    let Some(&to) = places.iter().find(|&&t| t > app.cursor).or(places.first()) else {
        return app.shared.say("what is found is about no token of its own");
    };
    app.shared.end_selection();
    app.shared.move_cursor_to(to);
}

impl App {
    /// The panels that the view Score has for the sequence on screen.
    pub fn score_panels(&self) -> &'static [ScorePanel] {
        if self.pack.is_some() { &ScorePanel::PACKED } else { &ScorePanel::EVERY }
    }

    /// The selection, else the token under the cursor.
    pub(in crate::app) fn chosen_tokens(&self) -> crate::mask::Stroke {
        crate::mask::Stroke::Tokens(self.selection().unwrap_or(self.cursor..self.cursor + 1))
    }
}
