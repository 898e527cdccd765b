//! The live values that a lesson can name. What each of them is on screen, the screen knows.

use std::fmt;

use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};

use super::scan::Scan;
use crate::mask::{Basis, Mode, profile};

/// A live value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Name {
    Model,
    Mask,
    Target,
    First,
    Second,
    P,
    Nll,
    Rank,
    Entropy,
    FirstP,
    SecondP,
    Sees,
    Weight,
    Costliest,
    CostliestNll,
    Loss,
    Scored,
    Targets,
    Tokens,
    Sum,
    Unscored,
    Perplexity,
    Without,
    Findings,
    Step,
    Lr,
    Vocab,
    LnVocab,
    Written,
    WrittenTokens,
    Ending,
    Parting,
    Says,
    SaysTokens,
    TwinLoss,
    Probe,
    ProbeBefore,
    Records,
    Example,
    ExampleLoss,
    Cost,
}

/// What stands in brackets behind a name.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    None,
    /// A token, as it is written: " Paris".
    Token(String),
    /// A mask's mode or a trainer's profile.
    Mask(Basis),
    Number(f64),
    /// A candidate of the step's table.
    Word(String),
}

/// Which arguments a name takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    MaybeToken,
    MaybeMask,
    Mask,
    Number,
    Word,
}

impl Name {
    /// Every name with what it is, for the documentation.
    pub fn every() -> impl Iterator<Item = (&'static str, &'static str)> {
        Self::iter().map(|name| (name.into(), name.about()))
    }

    fn takes(self) -> Takes {
        match self {
            Self::P | Self::Nll | Self::Rank => Takes::MaybeToken,
            Self::Loss | Self::Scored => Takes::MaybeMask,
            Self::TwinLoss => Takes::Mask,
            Self::Cost | Self::Probe | Self::ProbeBefore | Self::Says | Self::SaysTokens => Takes::Number,
            Self::Example => Takes::Word,
            _ => Takes::Nothing,
        }
    }

    /// Whether it is of the token under the cursor: of where the step put it, or behind `here_` of where it stands now.
    pub fn is_of_a_place(self) -> bool {
        use Name::{Entropy, First, FirstP, Nll, P, Rank, Second, SecondP, Sees, Target, Weight};
        matches!(self, Target | First | Second | P | Nll | Rank | Entropy | FirstP | SecondP | Sees | Weight)
    }

    /// What it is, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Model => "the model's name",
            Self::Mask => "the loss mask's name",
            Self::Target => "the token under the cursor",
            Self::First => "the token that the model puts first there",
            Self::Second => "the one that it puts second",
            Self::P => "the target's probability; p(\" Paris\") that of another token",
            Self::Nll => "−log p of it in nats; nll(\" Paris\") of another",
            Self::Rank => "its rank; rank(\" Paris\") of another",
            Self::Entropy => "the entropy of the distribution there, in nats",
            Self::FirstP => "the probability of the first",
            Self::SecondP => "the probability of the second",
            Self::Sees => "how many tokens the position may see that predicts the target",
            Self::Weight => "the weight that the mask gives the target",
            Self::Costliest => "the scored token with the highest −log p",
            Self::CostliestNll => "its −log p in nats",
            Self::Loss => "the loss in nats; loss(all) under another mask",
            Self::Scored => "how many tokens are scored; scored(all) under another mask",
            Self::Targets => "how many targets there are",
            Self::Tokens => "how many tokens there are",
            Self::Sum => "the weighted sum of −log p, in nats",
            Self::Unscored => "the mean −log p of the tokens that are not scored",
            Self::Perplexity => "e to the loss",
            Self::Without => "the loss of the same tokens without the experiment of Attend",
            Self::Findings => "how many things are found wrong under the mask",
            Self::Step => "how many updates the weights have had",
            Self::Lr => "the learning rate",
            Self::Vocab => "how many tokens the vocabulary has",
            Self::LnVocab => "its natural logarithm: what guessing blindly costs",
            Self::Written => "what the model wrote in Generate",
            Self::WrittenTokens => "how many tokens that is",
            Self::Ending => "how it ended: stop_token, max_tokens or context",
            Self::Parting => "the token of the text where it went another way",
            Self::Says => "says(1): what the model says after training; says(2) the twin's second copy",
            Self::SaysTokens => "how many characters that has",
            Self::TwinLoss => "twin_loss(assistant): the second copy's loss under a mask",
            Self::Probe => "probe(1): the loss of the first probe now",
            Self::ProbeBefore => "probe_before(1): the same before training",
            Self::Records => "how many records are trained on",
            Self::Example => "example(mat): the probability in the step's own table",
            Self::ExampleLoss => "−log of the target's probability in that table",
            Self::Cost => "cost(0.3): −log of a number, with two digits",
        }
    }
}

/// A name with what it is asked of.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    pub name: Name,
    pub argument: Argument,
    /// Of where the cursor stands now, and not of where the step put it.
    pub here: bool,
}

impl Quantity {
    /// The live value called `word`, with what stands in brackets behind it.
    pub(super) fn read(word: &str, scan: &mut Scan) -> Result<Self, String> {
        let (here, bare) = word.strip_prefix("here_").map_or((false, word), |bare| (true, bare));
        let name: Name = bare
            .parse()
            .map_err(|_| format!("there is no live value {word:?}; `lossglass lesson --help` lists them"))?;
        if here && !name.is_of_a_place() {
            return Err(format!("{bare} is of no place, so that {word} means nothing: write {bare}"));
        }
        let given = scan.bracketed()?;
        let argument = match (name.takes(), given) {
            (Takes::Nothing | Takes::MaybeToken | Takes::MaybeMask, None) => Argument::None,
            (Takes::Nothing, Some(_)) => return Err(format!("{bare} takes nothing in brackets")),
            (Takes::MaybeToken, Some(token)) => Argument::Token(token),
            (Takes::MaybeMask | Takes::Mask, Some(mask)) => Argument::Mask(basis(&mask)?),
            (Takes::Word, Some(word)) => Argument::Word(word),
            (Takes::Number, Some(number)) => match number.parse() {
                Ok(number) if f64::is_finite(number) && number > 0.0 => Argument::Number(number),
                _ => return Err(format!("{bare} needs a number above 0 in brackets, not {number:?}")),
            },
            (Takes::Number, None) => return Err(format!("{bare} needs a number in brackets: {bare}(1)")),
            (Takes::Mask, None) => return Err(format!("{bare} needs a mask in brackets: {bare}(assistant)")),
            (Takes::Word, None) => return Err(format!("{bare} needs a word in brackets: {bare}(mat)")),
        };
        Ok(Self { name, argument, here })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name: &str = self.name.into();
        let here = if self.here { "here_" } else { "" };
        match &self.argument {
            Argument::None => write!(f, "{here}{name}"),
            Argument::Token(token) => write!(f, "{here}{name}(“{token}”)"),
            Argument::Mask(basis) => write!(f, "{name}({})", basis.name()),
            Argument::Number(number) => write!(f, "{name}({number})"),
            Argument::Word(word) => write!(f, "{name}({word})"),
        }
    }
}

/// The mask's mode or trainer's profile of that name.
///
/// # Errors
/// If there is none.
pub fn basis(name: &str) -> Result<Basis, String> {
    if let Ok(mode) = name.parse::<Mode>() {
        return Ok(mode.into());
    }
    let found = profile::find(name).map(Basis::from);
    found.map_err(|_| {
        format!("there is no mask {name:?}: give a mode such as all or assistant, or a profile such as trl-qwen3")
    })
}
