//! What is looked at in the view Score: which rule counts, panels, findings.

use super::next;
use crate::app::{App, Command, Notice, ScorePanel, Scoring, View};
use crate::mask::Basis;

/// What a command of the view Score shows; false if it shows nothing.
pub fn run(app: &mut App, command: Command) -> bool {
    match command {
        Command::NextPanel if app.view == View::Score => {
            app.score_panel = next(app.score_panels(), app.score_panel, 1);
        }
        Command::NextFinding => next_finding(app),
        _ => return false,
    }
    true
}

/// The cursor goes to the next token that something is found at, round and round.
fn next_finding(app: &mut App) {
    if app.findings.is_empty() {
        return app.say("nothing is found wrong under this mask");
    }
    app.score_panel = ScorePanel::Findings;
    let mut places: Vec<usize> = app.findings.iter().filter_map(|finding| finding.token).collect();
    places.sort_unstable();
    let Some(&to) = places.iter().find(|&&t| t > app.cursor).or(places.first()) else {
        return app.say("what is found is about no token of its own");
    };
    app.painting.anchor = None;
    app.move_cursor_to(to);
}

impl App {
    /// The mode or profile decides from now on, if it applies.
    pub(super) fn choose_basis(&mut self, basis: Basis) {
        match self.scorings.iter().find(|scoring| scoring.basis == basis).map(|scoring| &scoring.mask) {
            Some(Err(error)) => self.notice = Some(Notice { text: error.to_string(), is_error: true }),
            _ => {
                self.policy.basis = basis;
                self.repaint();
            }
        }
    }

    /// The next mode or profile that applies to this sequence.
    pub(super) fn step_basis(&mut self, by: isize) {
        let applies = |scoring: &&Scoring| scoring.mask.is_ok();
        let bases: Vec<Basis> = self.scorings.iter().filter(applies).map(|scoring| scoring.basis).collect();
        match bases[..] {
            [] => {}
            [only] => self.say(format!("only mask {} applies here; s starts a completion in raw text", only.name())),
            _ => self.choose_basis(next(&bases, self.basis(), by)),
        }
    }
}
