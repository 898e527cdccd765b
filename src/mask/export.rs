//! What trainers take as it is: one record per sample, so that a mask made here is trained at scale elsewhere.
//!
//! A record says the mask, or there is none: a weight, a painted token or an option that a trainer's form cannot express
//! is an error, never left out silently.

mod forms;
mod messages;

use std::fmt;

use serde_json::{Value, json};
use strum::{EnumString, IntoStaticStr, VariantArray};
use thiserror::Error;

use super::{LossMask, MaskError};
use crate::sample::Sample;
use crate::sequence::Sequence;

pub use forms::{FormError, chat_of_llama_factory};

/// The label that PyTorch's cross entropy leaves out.
pub const IGNORED: i64 = -100;

/// Whom a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case", parse_err_ty = ExportError, parse_err_fn = ExportError::unknown)]
pub enum Trainer {
    /// TRL's `SFTTrainer`: `input_ids`, `labels` and `assistant_masks`.
    ///
    /// A dataset with a column `input_ids` is not tokenised again, and of the columns `labels` and `assistant_masks` are
    /// kept; the collator takes `labels` as they are and puts −100 where `assistant_masks` is 0. Packing and the Liger
    /// kernel drop `labels` but keep `assistant_masks`, so a record has both (huggingface/trl, `trl/trainer/sft_trainer.py`
    /// at 00313f21920d37c3876c4021b51430224c06c936).
    Trl,
    /// Axolotl's pre-tokenised form, a dataset with an empty `type:`: `input_ids`, `attention_mask`, `labels`
    /// (axolotl-ai-cloud/axolotl, `docs/dataset-formats/tokenized.qmd` at 260ca97f2c4363f8f75516919f7adab3ad82d8cf).
    Axolotl,
    /// OpenAI's fine-tuning form: `messages` with `"weight": 0|1` on those of the assistant, `tools`.
    #[strum(serialize = "openai")]
    OpenAi,
    /// LLaMA-Factory v1's own form, which its converters produce: `messages` whose `content` is a list of typed values,
    /// with a `loss_weight` each, and `tools` as a JSON string (hiyouga/LLaMA-Factory,
    /// `src/llamafactory/v1/plugins/data_plugins/converter.py` at 0798d9dbc0b982f2e3df5a918a428ac378c37fd6 and
    /// `src/llamafactory/v1/core/rendering/format.py` at 01671eccec025e32415689f902fe299a0cef6184).
    LlamaFactory,
    /// Token ids, labels and weights for a training loop of one's own: nothing is lost.
    Labels,
}

/// Why a mask cannot be written for a trainer, or a record not be read back.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ExportError {
    #[error("unknown export {given:?}; the exports are: {names}", names = names())]
    Unknown { given: String },
    #[error(
        "token {token} ({text:?}) has the weight {weight}, and {trainer} takes labels alone, which score or leave out; \
         --export labels keeps weights"
    )]
    Weight { trainer: Trainer, token: usize, text: String, weight: f64 },
    #[error("{0} takes chats, and this is raw text; use --export labels, trl or axolotl")]
    NeedsChat(Trainer),
    #[error(
        "the context cuts off {cut} tokens, and {trainer} takes whole messages; use --export labels, or a greater context"
    )]
    Cut { trainer: Trainer, cut: usize },
    #[error(
        "{trainer} weights an assistant message as a whole, its stop included, and nothing else: token {token} ({text:?}) \
         has the weight {weight} here and would have {there} there; use --export labels, trl or axolotl"
    )]
    Differs { trainer: Trainer, token: usize, text: String, weight: f64, there: f64 },
    #[error("message {message} {problem}; use --export labels, trl or axolotl, or change the data")]
    Message { message: usize, problem: String },
    #[error(
        "special-token text ({text:?}) is encoded as text here, and {trainer} would make special tokens of it; use \
         --export labels, trl or axolotl"
    )]
    Escaped { trainer: Trainer, text: String },
    #[error("the sample is not the one that the tokens were made of; encode it again")]
    OtherSample,
    #[error(transparent)]
    Mask(#[from] MaskError),
    #[error("a record to read back {0}; give one that --export labels, trl or axolotl wrote")]
    Record(String),
}

impl ExportError {
    fn unknown(given: &str) -> Self {
        Self::Unknown { given: given.into() }
    }
}

/// What the trainers are called on the command line.
fn names() -> String {
    Trainer::EVERY.iter().map(|trainer| trainer.name()).collect::<Vec<_>>().join(", ")
}

impl Trainer {
    /// All of them, in the order in which they are listed.
    pub const EVERY: &[Self] = Self::VARIANTS;

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether its records are token ids, which can be read back with [`weights_of`], or messages.
    pub fn takes_tokens(self) -> bool {
        matches!(self, Self::Trl | Self::Axolotl | Self::Labels)
    }
}

impl fmt::Display for Trainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Trl => "TRL",
            Self::Axolotl => "Axolotl",
            Self::OpenAi => "OpenAI",
            Self::LlamaFactory => "LLaMA-Factory",
            Self::Labels => "labels",
        })
    }
}

/// One record as `trainer` takes it. Labels are not shifted: a trainer's model shifts them itself.
///
/// # Errors
/// If the trainer's form cannot say this mask; the message names the token or the message, and the way out.
pub fn record(trainer: Trainer, sample: &Sample, sequence: &Sequence, mask: &LossMask) -> Result<Value, ExportError> {
    if mask.weights().len() != sequence.len() {
        return Err(ExportError::OtherSample);
    }
    match trainer {
        Trainer::Labels => Ok(json!({
            "input_ids": sequence.ids(), "labels": labels(sequence, mask), "weights": mask.weights(),
        })),
        Trainer::Trl => {
            let scored = zero_or_one(trainer, sequence, mask)?;
            Ok(json!({
                "input_ids": sequence.ids(), "labels": labels(sequence, mask), "assistant_masks": scored,
            }))
        }
        Trainer::Axolotl => {
            zero_or_one(trainer, sequence, mask)?;
            Ok(json!({
                "input_ids": sequence.ids(), "attention_mask": vec![1; sequence.len()], "labels": labels(sequence, mask),
            }))
        }
        Trainer::OpenAi | Trainer::LlamaFactory => {
            let Sample::Chat(chat) = sample else { return Err(ExportError::NeedsChat(trainer)) };
            if let Some(escaped) = sequence.escaped.first() {
                return Err(ExportError::Escaped { trainer, text: sequence.text[escaped.clone()].into() });
            }
            let weights = messages::weights(trainer, chat, sequence, mask)?;
            match trainer {
                Trainer::OpenAi => forms::openai(chat, &weights),
                _ => forms::llama_factory(chat, &weights),
            }
        }
    }
}

/// How many ids and names of `sample` around tool calls the form of `trainer` has no field for. A template may print
/// them, and then its tokens there are others than here.
pub fn dropped(trainer: Trainer, sample: &Sample) -> usize {
    match (trainer, sample) {
        (Trainer::LlamaFactory, Sample::Chat(chat)) => chat.messages.iter().map(forms::dropped_by_llama_factory).sum(),
        _ => 0,
    }
}

fn labels(sequence: &Sequence, mask: &LossMask) -> Vec<i64> {
    let tokens = sequence.tokens.iter().enumerate();
    tokens.map(|(t, token)| if mask.is_scored(t) { i64::from(token.id) } else { IGNORED }).collect()
}

/// 1 for what is scored, for trainers that know nothing between.
fn zero_or_one(trainer: Trainer, sequence: &Sequence, mask: &LossMask) -> Result<Vec<u8>, ExportError> {
    let flag = |(token, &weight): (usize, &f64)| match weight {
        0.0 => Ok(0),
        1.0 => Ok(1),
        _ => Err(ExportError::Weight { trainer, token, text: sequence.tokens[token].text(), weight }),
    };
    mask.weights().iter().enumerate().map(flag).collect()
}

/// The ids and weights that a record of token ids says: the reverse of [`record`] for [`Trainer::takes_tokens`].
///
/// # Errors
/// If it is not such a record, or contradicts itself.
pub fn weights_of(record: &Value) -> Result<(Vec<u32>, Vec<f64>), ExportError> {
    let problem = |text: &str| ExportError::Record(text.into());
    let list = |key: &str| record.get(key).and_then(Value::as_array);
    let ids = list("input_ids").ok_or_else(|| problem("has no list `input_ids`"))?;
    let ids: Option<Vec<u32>> = ids.iter().map(|id| u32::try_from(id.as_u64()?).ok()).collect();
    let ids = ids.ok_or_else(|| problem("has a token id that is none"))?;
    let labels = list("labels").ok_or_else(|| problem("has no list `labels`"))?;
    let labels: Option<Vec<i64>> = labels.iter().map(Value::as_i64).collect();
    let labels = labels.filter(|labels| labels.len() == ids.len());
    let labels = labels.ok_or_else(|| problem("has labels that are not one number a token"))?;
    let is_own = |(&id, &label): (&u32, &i64)| label == IGNORED || label == i64::from(id);
    if !ids.iter().zip(&labels).all(is_own) {
        return Err(problem("has a label that is neither -100 nor the token's own id"));
    }
    let scored = labels.iter().map(|&label| label != IGNORED);
    let Some(weights) = list("weights").or_else(|| list("assistant_masks")) else {
        return Ok((ids, scored.map(|is_scored| f64::from(u8::from(is_scored))).collect()));
    };
    let weights: Option<Vec<f64>> = weights.iter().map(Value::as_f64).collect();
    let weights = weights.filter(|weights| weights.len() == ids.len() && weights.iter().all(|&weight| weight >= 0.0));
    let weights = weights.ok_or_else(|| problem("has weights that are not one number from 0 on a token"))?;
    match scored.zip(&weights).all(|(is_scored, &weight)| is_scored == (weight != 0.0)) {
        true => Ok((ids, weights)),
        false => Err(problem("has labels and weights that contradict each other")),
    }
}
