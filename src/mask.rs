//! Which targets are scored, with what weight, and why.
//!
//! A mask is a pure function of the sequence and the options: no forward pass, no model. Every weight belongs to the
//! **target** token.

pub mod attention;
mod choices;
pub mod export;
pub mod finding;
mod kept;
mod mode;
mod paint;
mod part_weights;
mod policy;
pub mod profile;
mod reason;
mod roles;
mod rule;

pub use attention::{AttentionChoice, AttentionMask, Cut, CutError, Forbidden, Scope, UnknownAttention, Visibility};
pub use choices::{ChoiceError, Choices, Header, Stop, Straddlers, on_or_off, prompt_weight};
pub use mode::{MaskError, Mode};
pub use paint::{Paint, Stroke};
pub use part_weights::{PartWeights, PartWeightsError};
pub use policy::{Basis, Policy};
pub use reason::Reason;
pub use roles::Roles;

use crate::sequence::{Document, Kind, Pack, Packing, Sequence};
use rule::{Decision, Rule};

/// What a mask needs to know beside the sequence and the mode.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MaskOptions {
    /// Raw text under [`Mode::Completion`]: where the completion starts.
    pub split: Option<Split>,
    /// Chats, under any mode: weights that take the place of the mode's.
    pub parts: PartWeights,
    /// Which parts count, what the rest weighs, what becomes of straddlers.
    pub choices: Choices,
}

impl MaskOptions {
    /// What applies to `sequence`: the split behind the first `split` characters to raw text, `parts` to a chat.
    pub fn new(sequence: &Sequence, split: Option<usize>, parts: PartWeights) -> Self {
        match sequence.kind {
            Kind::Text => Self { split: split.map(|chars| Split::at_char(sequence, chars)), ..Self::default() },
            Kind::Chat => Self { parts, ..Self::default() },
        }
    }

    /// With what of `choices` applies to `sequence`.
    pub fn with(self, sequence: &Sequence, choices: Choices) -> Self {
        let choices = match sequence.kind {
            Kind::Text => choices.for_text(),
            Kind::Chat => choices,
        };
        Self { choices, ..self }
    }
}

/// A place in raw text between prompt and completion.
///
/// ```
/// # use lossglass::{mask::Split, model::Reader, source::{Embedded, Source}, sample::Sample, sequence::Prefix};
/// # fn main() -> anyhow::Result<()> {
/// let reader = Reader::load(&Source::Embedded(Embedded::TinyBase))?;
/// let sequence = reader.encode(&Sample::Text("The sea is wide.".into()), Prefix::None)?;
/// let texts: Vec<String> = sequence.tokens.iter().map(|token| token.text()).collect();
/// assert_eq!(texts[..3], ["The", " sea", " is"]);
///
/// // Behind "The" the place is a border between two tokens.
/// assert_eq!(Split::at_char(&sequence, 3), Split { token: 1, ..Split::default() });
/// // Behind "The s" it is inside ` sea`: a straddler, which belongs to the completion.
/// assert_eq!(Split::at_char(&sequence, 5), Split { token: 1, straddles: true, after_space: false });
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// The first token of the completion; one that lies across the place belongs to it.
    pub token: usize,
    /// That token lies across the place.
    pub straddles: bool,
    /// A space ends the prompt.
    pub after_space: bool,
}

impl Split {
    /// Behind the first `chars` characters of the user's text.
    pub fn at_char(sequence: &Sequence, chars: usize) -> Self {
        let token = sequence.token_at_char(chars);
        let straddles = token < sequence.len() && sequence.chars_before(token) < chars;
        Self { token, straddles, after_space: sequence.char_before(chars) == Some(' ') }
    }
}

/// What the weights come from.
#[derive(Clone, Debug, PartialEq)]
enum Decider {
    Rule(Box<Rule>),
    /// The masks of a packed sequence's documents.
    Documents(Vec<LossMask>),
}

/// One weight per token of a sequence. `weights[0]` is always 0: nothing predicts the first token. Of packed documents
/// each is masked by itself, and nothing predicts its first token where they are apart.
///
/// ```
/// # use lossglass::{mask::{LossMask, MaskOptions, Mode}, model::Reader, source::{Embedded, Source}};
/// # use lossglass::{sample::read_record, sequence::Prefix};
/// # fn main() -> anyhow::Result<()> {
/// let chat = serde_json::json!([
///     {"role": "user", "content": "Is the sea wide?"},
///     {"role": "assistant", "content": "Yes."},
/// ]);
/// let record = read_record(chat, None).map_err(anyhow::Error::msg)?;
/// let reader = Reader::load(&Source::Embedded(Embedded::TinyChat))?;
/// let sequence = reader.encode(&record.sample, Prefix::Tokenizer)?;
///
/// // What the assistant says and the stop behind it; not the header, which is there before the model speaks.
/// let mask = LossMask::new(&sequence, Mode::Assistant, MaskOptions::default())?;
/// let scored = sequence.targets().filter(|(t, _)| mask.is_scored(*t));
/// assert_eq!(scored.map(|(_, token)| token.text()).collect::<String>(), "Yes.<|im_end|>");
///
/// // The weight belongs to the target: the logits row before it is what learns.
/// let first = (0..sequence.len()).find(|&t| mask.is_scored(t)).unwrap();
/// assert_eq!((mask.weight(first), mask.weight(first - 1), mask.weight(0)), (1.0, 0.0, 0.0));
/// assert_eq!(mask.reason(&sequence, first).to_string(), "scored: the assistant's content");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LossMask {
    pub mode: Mode,
    weights: Vec<f64>,
    options: MaskOptions,
    paint: Paint,
    decider: Decider,
    /// The mode would have scored the first token.
    pub unpredicted: bool,
    /// Tokens that the mode would have scored, had the context not cut them off.
    pub lost: usize,
}

impl LossMask {
    /// The weights of `mode` on `sequence`.
    ///
    /// # Errors
    /// If the mode does not apply to this sequence; the message says what to do.
    pub fn new(sequence: &Sequence, mode: Mode, options: MaskOptions) -> Result<Self, MaskError> {
        Self::painted(sequence, mode, options, Paint::default())
    }

    /// The same with `paint` over it.
    ///
    /// # Errors
    /// If the mode does not apply to this sequence; the message says what to do.
    pub fn painted(sequence: &Sequence, mode: Mode, options: MaskOptions, paint: Paint) -> Result<Self, MaskError> {
        if let Some(pack) = &sequence.pack {
            return Self::packed(pack, mode, options, paint);
        }
        let rule = Rule::new(mode, sequence, &options)?;
        let all = sequence.all_tokens().enumerate();
        let mut weights: Vec<f64> = all.map(|(t, token)| rule.decide(&paint, t, token).weight).collect();
        let lost = weights.split_off(sequence.len()).into_iter().filter(|&w| w != 0.0).count();
        // A token put before raw text is there to be conditioned on; that it has no prediction is no finding.
        let unpredicted = weights.first().is_some_and(|&w| w != 0.0) && sequence.prefix.is_none();
        if let Some(first) = weights.first_mut() {
            *first = 0.0;
        }
        Ok(Self { mode, weights, options, paint, decider: Decider::Rule(Box::new(rule)), unpredicted, lost })
    }

    fn packed(pack: &Pack, mode: Mode, options: MaskOptions, paint: Paint) -> Result<Self, MaskError> {
        let (mut weights, mut masks) = (Vec::new(), Vec::with_capacity(pack.documents.len()));
        let (mut unpredicted, mut lost) = (false, 0);
        for Document { tokens, sequence, split } in &pack.documents {
            let own = MaskOptions::new(sequence, *split, options.parts).with(sequence, options.choices);
            let mask = Self::painted(sequence, mode, own, paint.within(tokens.clone()))?;
            weights.extend_from_slice(&mask.weights);
            if let (Packing::Naive, 1.., Some(decision)) = (pack.packing, tokens.start, mask.decide(sequence, 0)) {
                weights[tokens.start] = decision.weight;
            } else {
                unpredicted |= mask.unpredicted;
            }
            lost += mask.lost;
            masks.push(mask);
        }
        Ok(Self { mode, weights, options, paint, decider: Decider::Documents(masks), unpredicted, lost })
    }

    /// The mode with its options: `assistant, after_stop=on, stop=0`.
    pub fn name(&self) -> String {
        let mut name = self.mode.to_string();
        if !self.choices().is_empty() {
            name.push_str(&format!(", {}", self.choices()));
        }
        if !self.parts().is_empty() {
            name.push_str(&format!(", {}", self.parts()));
        }
        if !self.paint.is_empty() {
            name.push_str(&format!(", {} painted", self.paint.len()));
        }
        name
    }

    /// The weights that took the place of the mode's.
    pub fn parts(&self) -> &PartWeights {
        &self.options.parts
    }

    /// Raw text: where the completion starts, if the mode asks for that.
    pub fn split(&self) -> Option<Split> {
        self.options.split.filter(|_| self.mode == Mode::Completion)
    }

    /// The other options.
    pub fn choices(&self) -> &Choices {
        &self.options.choices
    }

    /// What lies over mode and options.
    pub fn paint(&self) -> &Paint {
        &self.paint
    }

    /// Weight of target `t`; 0 = unscored.
    pub fn weight(&self, t: usize) -> f64 {
        self.weights.get(t).copied().unwrap_or(0.0)
    }

    /// Whether target `t` is scored.
    pub fn is_scored(&self, t: usize) -> bool {
        self.weight(t) != 0.0
    }

    /// All weights, by token.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// How many targets are scored.
    pub fn scored(&self) -> usize {
        self.weights.iter().filter(|&&w| w != 0.0).count()
    }

    /// The masks of a packed sequence's documents, in order.
    pub fn documents(&self) -> impl Iterator<Item = &Self> {
        match &self.decider {
            Decider::Rule(_) => [].iter(),
            Decider::Documents(masks) => masks.iter(),
        }
    }

    /// Why token `t` has its weight.
    pub fn reason(&self, sequence: &Sequence, t: usize) -> Reason {
        Reason::new(self, sequence, t)
    }

    /// Whether a border between what is scored and what is not goes through token `t`.
    pub fn divides(&self, sequence: &Sequence, t: usize) -> bool {
        match (&self.decider, self.in_document(sequence, t)) {
            (Decider::Rule(rule), _) => {
                sequence.tokens.get(t).is_some_and(|token| !token.overlaps.is_empty() && rule.divides(t, token))
            }
            (_, place) => place.is_some_and(|(mask, sequence, t)| mask.divides(sequence, t)),
        }
    }

    /// The mask of the document that token `t` of a packed sequence belongs to, the document, and the token in it.
    fn in_document<'a>(&'a self, sequence: &'a Sequence, t: usize) -> Option<(&'a Self, &'a Sequence, usize)> {
        let Decider::Documents(masks) = &self.decider else { return None };
        let (number, document) = sequence.document(t)?;
        Some((masks.get(number)?, &document.sequence, t - document.tokens.start))
    }

    fn decide(&self, sequence: &Sequence, t: usize) -> Option<Decision> {
        match &self.decider {
            Decider::Rule(rule) => Some(rule.decide(&self.paint, t, sequence.tokens.get(t)?)),
            Decider::Documents(_) => {
                let (mask, sequence, t) = self.in_document(sequence, t)?;
                mask.decide(sequence, t)
            }
        }
    }
}
