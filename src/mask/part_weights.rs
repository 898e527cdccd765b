//! Weights for the parts of the assistant's turns, whatever the mode: `stop=0,reasoning=0.5`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::mode::is_in_assistant_turn;
use crate::sequence::TokenOrigin;
use crate::template::Part;

/// The parts that can have a weight of their own, in the order in which a turn has them.
const PARTS: [Part; 6] = [Part::Header, Part::Reasoning, Part::Content, Part::ToolCall, Part::Stop, Part::AfterStop];
/// `answer`: what mode `assistant` scores without the reasoning.
const ANSWER: [Part; 3] = [Part::Content, Part::ToolCall, Part::Stop];
/// How no weight at all is written.
const NOTHING: &str = "none";

/// Weights that take the place of the mode's, by part of an assistant's turn. Other turns keep the mode's weights.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PartWeights([Option<f64>; PARTS.len()]);

/// Why part weights cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PartWeightsError {
    #[error("{0:?} is not PART=WEIGHT; write stop=0, or several as stop=0,reasoning=0.5")]
    Form(String),
    #[error("no weight can be set for {0:?}; the parts are: {parts}, and answer for {answer}", parts = names(&PARTS), answer = names(&ANSWER))]
    Part(String),
    #[error("weight {weight:?} of {part} is not a finite number from 0 on")]
    Weight { part: String, weight: String },
    #[error("{0} has two weights; give one")]
    Twice(String),
}

fn names(parts: &[Part]) -> String {
    parts.iter().map(|part| part.name()).collect::<Vec<_>>().join(", ")
}

impl PartWeights {
    /// With `weight` for `part`, in place of one that was set before.
    ///
    /// # Errors
    /// If `part` is none of the assistant's (header, reasoning, content, tool call, stop, after stop), or `weight` is
    /// negative or not finite.
    pub fn with(mut self, part: Part, weight: f64) -> Result<Self, PartWeightsError> {
        let Some(at) = PARTS.iter().position(|&one| one == part) else {
            return Err(PartWeightsError::Part(part.name().into()));
        };
        if !weight.is_finite() || weight < 0.0 {
            return Err(PartWeightsError::Weight { part: part.name().into(), weight: weight.to_string() });
        }
        self.0[at] = Some(weight + 0.0); // −0 becomes 0
        Ok(self)
    }

    /// The weight set for `part`; `None` where the mode decides.
    pub fn get(&self, part: Part) -> Option<f64> {
        self.iter().find(|(one, _)| *one == part).map(|(_, weight)| weight)
    }

    /// The parts that have a weight, with it, in the order in which a turn has them.
    pub fn iter(&self) -> impl Iterator<Item = (Part, f64)> {
        PARTS.into_iter().zip(self.0).filter_map(|(part, weight)| Some((part, weight?)))
    }

    /// Whether the mode decides everywhere.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// The weight set for text of that origin.
    pub(super) fn of(&self, origin: TokenOrigin<'_>) -> Option<f64> {
        if is_in_assistant_turn(origin) { self.get(origin.2) } else { None }
    }
}

impl fmt::Display for PartWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str(NOTHING);
        }
        for (i, (part, weight)) in self.iter().enumerate() {
            write!(f, "{}{}={weight}", if i > 0 { "," } else { "" }, part.name())?;
        }
        Ok(())
    }
}

impl FromStr for PartWeights {
    type Err = PartWeightsError;

    /// A part's own weight counts before `answer`'s, in any order.
    fn from_str(text: &str) -> Result<Self, PartWeightsError> {
        if text == NOTHING {
            return Ok(Self::default());
        }
        let (mut own, mut answer) = (Self::default(), Self::default());
        for entry in text.split(',') {
            let form = || PartWeightsError::Form(entry.trim().into());
            let (name, written) = entry.split_once('=').ok_or_else(form)?;
            let (name, written) = (name.trim(), written.trim());
            let unreadable = || PartWeightsError::Weight { part: name.into(), weight: written.into() };
            let (weights, parts) = match PARTS.iter().find(|part| part.name() == name) {
                Some(part) => (&mut own, std::slice::from_ref(part)),
                None if name == "answer" => (&mut answer, &ANSWER[..]),
                None => return Err(PartWeightsError::Part(name.into())),
            };
            let weight: f64 = written.parse().map_err(|_| unreadable())?;
            for &part in parts {
                if weights.get(part).is_some() {
                    return Err(PartWeightsError::Twice(name.into()));
                }
                *weights = weights.with(part, weight).map_err(|_| unreadable())?;
            }
        }
        for ((_, own), answer) in PARTS.iter().zip(&mut own.0).zip(answer.0) {
            *own = own.or(answer);
        }
        Ok(own)
    }
}
