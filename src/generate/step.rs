//! What a step of a continuation says: plain values.

use strum::IntoStaticStr;

/// A token of a continuation and what it was chosen from.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub id: u32,
    /// The model's own probability of the token, at temperature 1, before any cut.
    pub p: f64,
    /// −log p, in nats.
    pub nll: f64,
    /// 1 = the most likely token; tokens with exactly equal logits share the better rank.
    pub rank: u32,
    /// What the sampler gave the token, after temperature and cuts; 0 for one that was forced although it was cut off.
    pub drawn_with: f64,
    /// Whether the token ends the text.
    pub is_stop: bool,
    /// What stood to choose from.
    pub moment: Moment,
}

impl Step {
    /// Whether the token is another one than the sampler's choice.
    pub fn is_forced(&self) -> bool {
        self.id != self.moment.choice
    }
}

/// The distribution of the next token, what sampling makes of it, and the token that it chooses.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Exact entropy of the model's own distribution, in nats.
    pub entropy: f64,
    /// The most likely tokens, best first.
    pub top: Vec<Choice>,
    /// How many tokens the cuts leave: always the most likely ones.
    pub kept: usize,
    /// The sampler's choice.
    pub choice: u32,
}

/// A token that may come next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    pub id: u32,
    /// The model's own probability, at temperature 1.
    pub p: f64,
    /// The probability under the temperature, before the cuts.
    pub tempered: f64,
    /// What it is drawn with: after temperature and cuts; 0 for what is cut off.
    pub drawn_with: f64,
    /// The first cut that takes it off.
    pub cut: Option<Cut>,
}

/// What takes a token out of the choice, in the order in which they work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
pub enum Cut {
    /// Temperature 0 takes the most likely one.
    #[strum(serialize = "greedy")]
    Greedy,
    #[strum(serialize = "top-k")]
    TopK,
    #[strum(serialize = "top-p")]
    TopP,
    #[strum(serialize = "min-p")]
    MinP,
}

impl Cut {
    /// As users know it.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Why a continuation goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum End {
    /// Its last token is a stop token.
    StopToken,
    /// As many tokens as were asked for.
    MaxTokens,
    /// The model's context is full.
    Context,
}

impl End {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
