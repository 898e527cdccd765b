//! GGUF's `tokenizer.ggml.*` -> a tokenizer.

mod byte_level;
mod sentencepiece;

use std::collections::HashMap;

use serde_json::{Value as Json, json};
use tokenizers::{AddedToken, PostProcessorWrapper, Tokenizer};

use super::{Metadata, Problem};
use crate::sequence::Vocabulary;

pub(in crate::model) use byte_level::PRE_TOKENIZERS;

/// ggml's token types that matter here.
const NORMAL: i128 = 1;
const UNKNOWN: i128 = 2;
const CONTROL: i128 = 3;
const USER_DEFINED: i128 = 4;

/// What to do about a tokenizer that GGUF does not say enough of.
const USE_DIRECTORY: &str = "use the model's directory with tokenizer.json";

/// Builds the vocabulary with its special tokens and chat template.
///
/// # Errors
/// If the tokenizer is damaged, or of a kind that this version does not read.
pub(super) fn vocabulary(metadata: Metadata<'_>) -> Result<Vocabulary, Problem> {
    let tokens = metadata.texts("tokenizer.ggml.tokens").ok_or("it has no list of tokens (`tokenizer.ggml.tokens`)")?;
    let kinds = kinds(metadata, &tokens)?;
    let (mut tokenizer, adds_bos) = match metadata.text("tokenizer.ggml.model") {
        Some("gpt2") => {
            let pre = byte_level::pre_tokenizer(metadata)?;
            (byte_level::tokenizer(metadata, pre, &tokens)?, pre.adds_bos)
        }
        Some("llama") => (sentencepiece::tokenizer(metadata, &tokens, &kinds)?, true),
        Some(other) => {
            return Err(Problem::Unsupported(format!(
                "tokenizer `{other}` is not supported: from GGUF this version reads byte-level BPE (`gpt2`) and SentencePiece's BPE (`llama`); {USE_DIRECTORY}"
            )));
        }
        None => return Err("it has no tokenizer (`tokenizer.ggml.model`)".into()),
    };
    add_tokens(&mut tokenizer, &tokens, &kinds)?;
    let id = |key: &str| -> Result<Option<u32>, String> {
        let Some(id) = metadata.integer(&format!("tokenizer.ggml.{key}_token_id")) else { return Ok(None) };
        match u32::try_from(id) {
            Ok(id) if (id as usize) < tokens.len() => Ok(Some(id)),
            _ => Err(format!("its {key} token is {id}, but there are {} tokens", tokens.len())),
        }
    };
    let mut vocabulary = Vocabulary::new(tokenizer).map_err(|error| error.to_string())?;
    (vocabulary.bos, vocabulary.eos, vocabulary.pad) = (id("bos")?, id("eos")?, id("padding")?);
    // End of turn and of message; a model without one may carry an id that is no token.
    vocabulary.ends = ["eot", "eom"].into_iter().filter_map(|key| id(key).ok().flatten()).collect();
    vocabulary.chat_template = metadata.text("tokenizer.chat_template").map(str::to_owned);
    vocabulary.tool_template = metadata.text("tokenizer.chat_template.tool_use").map(str::to_owned);
    let affixes = Affixes {
        bos: vocabulary.bos.filter(|_| metadata.flag("tokenizer.ggml.add_bos_token").unwrap_or(adds_bos)),
        eos: vocabulary.eos.filter(|_| metadata.flag("tokenizer.ggml.add_eos_token").unwrap_or(false)),
    };
    if let Some(processor) = affixes.processor(&tokens)? {
        vocabulary.tokenizer.with_post_processor(Some(processor));
    }
    Ok(vocabulary)
}

/// What each token is; all are ordinary where the file does not say.
fn kinds(metadata: Metadata<'_>, tokens: &[&str]) -> Result<Vec<i128>, String> {
    let kinds = metadata.integers("tokenizer.ggml.token_type").unwrap_or_else(|| vec![NORMAL; tokens.len()]);
    if kinds.len() != tokens.len() {
        return Err(format!("it has {} token types for {} tokens", kinds.len(), tokens.len()));
    }
    Ok(kinds)
}

/// Control tokens are special, user-defined ones are matched whole but ordinary text.
fn add_tokens(tokenizer: &mut Tokenizer, tokens: &[&str], kinds: &[i128]) -> Result<(), String> {
    let added = tokens.iter().zip(kinds).filter(|(_, kind)| matches!(**kind, CONTROL | USER_DEFINED));
    let added = added.map(|(token, kind)| AddedToken::from((*token).to_owned(), *kind == CONTROL).normalized(false));
    tokenizer.add_tokens(added).map_err(|error| format!("its special tokens cannot be added: {error}"))?;
    Ok(())
}

/// What goes around a raw text.
struct Affixes {
    bos: Option<u32>,
    eos: Option<u32>,
}

impl Affixes {
    fn processor(&self, tokens: &[&str]) -> Result<Option<PostProcessorWrapper>, String> {
        if self.bos.is_none() && self.eos.is_none() {
            return Ok(None);
        }
        let special = |id: &u32| json!({"SpecialToken": {"id": tokens[*id as usize], "type_id": 0}});
        let text = json!({"Sequence": {"id": "A", "type_id": 0}});
        let single: Vec<Json> =
            self.bos.iter().map(special).chain([text]).chain(self.eos.iter().map(special)).collect();
        let pair = [single.clone(), vec![json!({"Sequence": {"id": "B", "type_id": 0}})]].concat();
        let specials: HashMap<&str, Json> = self
            .bos
            .iter()
            .chain(&self.eos)
            .map(|&id| {
                let token = tokens[id as usize];
                (token, json!({"id": token, "ids": [id], "tokens": [token]}))
            })
            .collect();
        let template =
            json!({"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": specials});
        serde_json::from_value(template).map(Some).map_err(|error| format!("its bos or eos cannot be added: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use tokenizers::models::bpe::{BPE, Merges, Vocab};

    use super::*;

    #[test]
    fn bos_and_eos_go_around_a_text() {
        let vocab: Vocab = [("<s>", 0), ("a", 1), ("</s>", 2)].map(|(token, id)| (token.to_owned(), id)).into();
        let model = BPE::builder().vocab_and_merges(vocab, Merges::new()).build().expect("a model");
        let mut tokenizer = Tokenizer::new(model);
        let tokens = ["<s>", "a", "</s>"];
        let processor = Affixes { bos: Some(0), eos: Some(2) }.processor(&tokens).expect("builds");
        tokenizer.with_post_processor(processor);
        let ids = |add| tokenizer.encode("a", add).expect("encodes").get_ids().to_vec();
        assert_eq!(ids(true), [0, 1, 2]);
        assert_eq!(ids(false), [1]);
        assert!(Affixes { bos: None, eos: None }.processor(&tokens).expect("builds").is_none());
    }
}
