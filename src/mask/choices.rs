//! Options that hold under any mode: which parts count, what the rest weighs, what becomes of straddlers.

use std::fmt;

use strum::{EnumString, IntoStaticStr, VariantNames};
use thiserror::Error;

use super::PartWeights;
use crate::template::Part;

/// Which stops are scored, as Axolotl's `train_on_eos`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase", parse_err_ty = ChoiceError, parse_err_fn = no_stop)]
pub enum Stop {
    /// Those of the turns that the mode trains.
    Turn,
    /// Those of the turns that the mode trains that are the tokenizer's eos: a stop of another token stays unscored.
    Eos,
    /// Only the last of these.
    Last,
    /// Every stop, whoever's turn it ends.
    All,
    /// None: a model so trained never learns to stop.
    None,
}

/// Which part of the headers of trained turns is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase", parse_err_ty = ChoiceError, parse_err_fn = no_header)]
pub enum Header {
    On,
    /// Only the whitespace that ends it.
    End,
    Off,
}

/// What becomes of a token that lies across two parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase", parse_err_ty = ChoiceError, parse_err_fn = no_straddlers)]
pub enum Straddlers {
    /// It has the greatest weight of its parts, so it is scored if any of them is: transformers' rule.
    #[default]
    Any,
    /// It has the least weight of its parts, so it is scored only if all of them are: Axolotl's rule.
    Inside,
}

/// What a mask is told beyond its mode. Where an option is `None`, the mode decides.
///
/// `on` counts a part in the turns that the mode trains, `off` counts it nowhere; what a tool answered belongs to no
/// turn that a mode trains, so that `on` counts it everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Choices {
    pub stop: Option<Stop>,
    pub header: Option<Header>,
    pub after_stop: Option<bool>,
    /// What the generation prompt supplies beyond the header: an empty think block.
    pub prefill: Option<bool>,
    pub reasoning: Option<bool>,
    pub tool_call: Option<bool>,
    pub tool_result: Option<bool>,
    /// λ: the weight of every target that the mode leaves unscored. What an option leaves out stays at 0.
    pub prompt_weight: Option<f64>,
    pub straddlers: Straddlers,
}

/// Why an option cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChoiceError {
    #[error("unknown option {0:?} of a mask; the options are: {names}", names = NAMES.join(", "))]
    Option(String),
    #[error("{option} cannot be {value:?}; it can be: {values}")]
    Value { option: &'static str, value: String, values: String },
}

/// The options as they are written in JSON, in profiles and (with `-` for `_`) on the command line.
const NAMES: [&str; 9] =
    ["stop", "header", "after_stop", "prefill", "reasoning", "tool_call", "tool_result", "prompt_weight", "straddlers"];

impl ChoiceError {
    fn value(option: &'static str, value: &str, values: &[&str]) -> Self {
        Self::Value { option, value: value.into(), values: values.join(", ") }
    }
}

fn no_stop(text: &str) -> ChoiceError {
    ChoiceError::value("stop", text, Stop::VARIANTS)
}

fn no_header(text: &str) -> ChoiceError {
    ChoiceError::value("header", text, Header::VARIANTS)
}

fn no_straddlers(text: &str) -> ChoiceError {
    ChoiceError::value("straddlers", text, Straddlers::VARIANTS)
}

fn switch(option: &'static str, text: &str) -> Result<bool, ChoiceError> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(ChoiceError::value(option, text, &["on", "off"])),
    }
}

/// Reads `on` or `off`.
///
/// # Errors
/// If it is neither.
pub fn on_or_off(text: &str) -> Result<bool, ChoiceError> {
    switch("it", text)
}

/// Reads a prompt weight.
///
/// # Errors
/// If it is negative or not finite.
pub fn prompt_weight(text: &str) -> Result<f64, ChoiceError> {
    let weight = text.parse().ok().filter(|weight: &f64| weight.is_finite() && *weight >= 0.0);
    let values = "a finite number from 0 on".into();
    let wrong = || ChoiceError::Value { option: "prompt_weight", value: text.into(), values };
    weight.map(|weight| weight + 0.0).ok_or_else(wrong) // −0 becomes 0
}

impl Choices {
    /// Sets the option of that name as it is written: `stop`, `last`.
    ///
    /// # Errors
    /// If there is no such option, or no such value of it; the message lists those there are.
    pub fn set(&mut self, option: &str, text: &str) -> Result<(), ChoiceError> {
        let Some(&option) = NAMES.iter().find(|name| **name == option) else {
            return Err(ChoiceError::Option(option.into()));
        };
        let switch = || switch(option, text).map(Some);
        match option {
            "stop" => self.stop = Some(text.parse()?),
            "header" => self.header = Some(text.parse()?),
            "after_stop" => self.after_stop = switch()?,
            "prefill" => self.prefill = switch()?,
            "reasoning" => self.reasoning = switch()?,
            "tool_call" => self.tool_call = switch()?,
            "tool_result" => self.tool_result = switch()?,
            "prompt_weight" => self.prompt_weight = Some(prompt_weight(text)?),
            _ => self.straddlers = text.parse()?,
        }
        Ok(())
    }

    /// The options that are set, by name, as they are written.
    pub fn named(&self) -> Vec<(&'static str, String)> {
        let switch = |switch: Option<bool>| switch.map(|on| if on { "on" } else { "off" }.into());
        let values = [
            self.stop.map(|stop| stop.name().into()),
            self.header.map(|header| header.name().into()),
            switch(self.after_stop),
            switch(self.prefill),
            switch(self.reasoning),
            switch(self.tool_call),
            switch(self.tool_result),
            self.prompt_weight.map(|weight| weight.to_string()),
            (self.straddlers != Straddlers::default()).then(|| self.straddlers.name().into()),
        ];
        NAMES.into_iter().zip(values).filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Whether the mode decides everything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What of them applies to raw text, which has no parts.
    pub fn for_text(self) -> Self {
        Self { prompt_weight: self.prompt_weight, straddlers: self.straddlers, ..Self::default() }
    }

    /// A part that is switched although it has a weight, which makes the switch useless.
    pub fn switched(&self, weights: &PartWeights) -> Option<Part> {
        let is_switched = |part: Part| match part {
            Part::Header => self.header.is_some(),
            part => self.switch(part).is_some(),
        };
        weights.iter().map(|(part, _)| part).find(|&part| is_switched(part))
    }

    /// What is said of `part`, if it is one that is just on or off.
    pub(super) fn switch(&self, part: Part) -> Option<bool> {
        match part {
            Part::AfterStop => self.after_stop,
            Part::GenerationPrefill => self.prefill,
            Part::Reasoning => self.reasoning,
            Part::ToolCall => self.tool_call,
            Part::ToolResult => self.tool_result,
            _ => None,
        }
    }
}

impl Stop {
    /// The value's name.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Header {
    /// The value's name.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Straddlers {
    fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Choices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written: Vec<String> = self.named().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        f.write_str(&written.join(","))
    }
}
