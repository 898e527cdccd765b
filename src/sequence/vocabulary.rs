//! A tokenizer with what the model's files say around it.

use tokenizers::Tokenizer;

/// The tokenizer, its special tokens and the chat template that came with a model.
#[derive(Clone)]
pub struct Vocabulary {
    pub tokenizer: Tokenizer,
    /// Beginning of sequence, if the model's files name one.
    pub bos: Option<u32>,
    /// End of sequence or of turn.
    pub eos: Option<u32>,
    pub pad: Option<u32>,
    /// Source of the chat template.
    pub chat_template: Option<String>,
}
