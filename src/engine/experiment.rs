//! What the text on screen is run under, where it is not what the model was trained with.

use crate::loss::Labels;
use crate::mask::{AttentionChoice, Cut, Forbidden, Scope};

/// Another attention mask, edges that are forbidden, labels shifted otherwise; by default nothing of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Experiment {
    pub attention: AttentionChoice,
    pub forbidden: Forbidden,
    pub labels: Labels,
}

impl Experiment {
    /// Whether anything is other than the model was trained with.
    pub fn is_on(&self) -> bool {
        *self != Self::default()
    }

    /// What is other, in a few words.
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        if self.attention != AttentionChoice::default() {
            words.push(format!("attention {}", self.attention));
        }
        let (edges, tokens): (Vec<&Cut>, Vec<&Cut>) = self.forbidden.cuts().iter().partition(|cut| cut.query.is_some());
        match edges.len() {
            0 => {}
            1 => words.push("1 edge forbidden".into()),
            n => words.push(format!("{n} edges forbidden")),
        }
        match tokens[..] {
            [] => {}
            [token] => words.push(format!("token {} forbidden to all", token.key)),
            _ => words.push(format!("{} tokens forbidden to all", tokens.len())),
        }
        // Where it is not everywhere, it is said.
        let scopes: Vec<_> = self.forbidden.cuts().iter().map(|cut| cut.scope).collect();
        match (scopes.first(), words.last_mut()) {
            (Some(scope), Some(last)) if *scope != Scope::default() && scopes.iter().all(|other| other == scope) => {
                *last = format!("{last} {}", scope.words());
            }
            (Some(first), Some(last)) if scopes.iter().any(|scope| scope != first) => last.push_str(" in places"),
            _ => {}
        }
        if self.labels != Labels::Next {
            words.push("labels shifted by one too few".into());
        }
        words.join(", ")
    }
}
