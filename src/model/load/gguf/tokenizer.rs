//! GGUF's `tokenizer.ggml.*` -> a tokenizer.

use std::collections::HashMap;

use serde_json::{Value as Json, json};
use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::{AddedToken, DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, Tokenizer};

use super::Metadata;
use crate::sequence::Vocabulary;

/// ggml's token types that matter here.
const CONTROL: i128 = 3;
const USER_DEFINED: i128 = 4;

/// How a text is cut before byte-level BPE, under GGUF's name for it (`tokenizer.ggml.pre`).
pub(in crate::model) struct PreTokenizer {
    pub(in crate::model) names: &'static [&'static str],
    /// As `tokenizer.json` spells it.
    pub(in crate::model) json: fn() -> Json,
    /// Whether a word that is a token by itself is taken before any merge (Llama 3).
    ignore_merges: bool,
    /// Unicode composition first (Qwen2).
    nfc: bool,
    /// Whether files that do not say begin with a beginning-of-sequence token; as llama.cpp decides it.
    adds_bos: bool,
}

/// The ones this version knows.
pub(in crate::model) const PRE_TOKENIZERS: [PreTokenizer; 4] = [
    PreTokenizer { names: &["gpt-2", "default"], json: gpt2, ignore_merges: false, nfc: false, adds_bos: false },
    PreTokenizer { names: &["smollm"], json: single_digits, ignore_merges: false, nfc: false, adds_bos: false },
    PreTokenizer {
        names: &["llama-bpe", "llama3", "llama-v3"],
        json: || words_and_digits(r"\p{N}{1,3}"),
        ignore_merges: true,
        nfc: false,
        adds_bos: true,
    },
    PreTokenizer {
        names: &["qwen2"],
        json: || words_and_digits(r"\p{N}"),
        ignore_merges: false,
        nfc: true,
        adds_bos: false,
    },
];

fn gpt2() -> Json {
    json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true})
}

fn single_digits() -> Json {
    json!({"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, gpt2()]})
}

/// The split that OpenAI's cl100k introduced; Llama 3 and Qwen2 differ in how many digits stay together.
fn words_and_digits(digits: &str) -> Json {
    let pattern = format!(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    );
    json!({"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false},
        {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false},
    ]})
}

/// Builds the vocabulary with its special tokens and chat template.
///
/// # Errors
/// What is wrong, as the end of a sentence that begins with the file's name.
pub(super) fn vocabulary(metadata: Metadata<'_>) -> Result<Vocabulary, String> {
    match metadata.text("tokenizer.ggml.model") {
        Some("gpt2") => {}
        Some(other) => {
            return Err(format!(
                "its tokenizer is `{other}`: from GGUF this version reads byte-level BPE (`gpt2`); use the model's directory with tokenizer.json"
            ));
        }
        None => return Err("it has no tokenizer (`tokenizer.ggml.model`)".to_owned()),
    }
    let name = metadata.text("tokenizer.ggml.pre").unwrap_or("default");
    let pre = PRE_TOKENIZERS.iter().find(|pre| pre.names.contains(&name)).ok_or_else(|| {
        let known: Vec<&str> = PRE_TOKENIZERS.iter().flat_map(|pre| pre.names).copied().collect();
        format!("its pre-tokenizer is `{name}`: this version knows {}", known.join(", "))
    })?;
    let tokens = metadata.texts("tokenizer.ggml.tokens").ok_or("it has no list of tokens (`tokenizer.ggml.tokens`)")?;
    let tokenizer = tokenizer(metadata, pre, &tokens)?;
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
        bos: vocabulary.bos.filter(|_| metadata.flag("tokenizer.ggml.add_bos_token").unwrap_or(pre.adds_bos)),
        eos: vocabulary.eos.filter(|_| metadata.flag("tokenizer.ggml.add_eos_token").unwrap_or(false)),
    };
    if let Some(processor) = affixes.processor(&tokens)? {
        vocabulary.tokenizer.with_post_processor(Some(processor));
    }
    Ok(vocabulary)
}

fn tokenizer(metadata: Metadata<'_>, pre: &PreTokenizer, tokens: &[&str]) -> Result<Tokenizer, String> {
    let size = u32::try_from(tokens.len()).map_err(|_| "it has too many tokens")?;
    let vocab: Vocab = tokens.iter().map(|token| (*token).to_owned()).zip(0..size).collect();
    let merges = metadata.texts("tokenizer.ggml.merges").ok_or("it has no merges (`tokenizer.ggml.merges`)")?;
    let mut pairs = Merges::with_capacity(merges.len());
    for merge in merges {
        let (left, right) = merge.split_once(' ').ok_or_else(|| format!("merge `{merge}` is not a pair"))?;
        pairs.push((left.to_owned(), right.to_owned()));
    }
    let model = BPE::builder()
        .vocab_and_merges(vocab, pairs)
        .ignore_merges(pre.ignore_merges)
        .build()
        .map_err(|error| format!("its merges do not fit its tokens: {error}"))?;
    let broken = |error: serde_json::Error| format!("its tokenizer cannot be built: {error}");
    let mut tokenizer = Tokenizer::new(model);
    if pre.nfc {
        let normalizer: NormalizerWrapper = serde_json::from_value(json!({"type": "NFC"})).map_err(broken)?;
        let _ = tokenizer.with_normalizer(Some(normalizer));
    }
    let splitter: PreTokenizerWrapper = serde_json::from_value((pre.json)()).map_err(broken)?;
    let decoder: DecoderWrapper = serde_json::from_value(gpt2()).map_err(broken)?;
    tokenizer.with_pre_tokenizer(Some(splitter)).with_decoder(Some(decoder));
    add_tokens(metadata, &mut tokenizer, tokens)?;
    Ok(tokenizer)
}

/// Control tokens are special, user-defined ones are matched whole but ordinary text.
fn add_tokens(metadata: Metadata<'_>, tokenizer: &mut Tokenizer, tokens: &[&str]) -> Result<(), String> {
    let Some(types) = metadata.integers("tokenizer.ggml.token_type") else { return Ok(()) };
    if types.len() != tokens.len() {
        return Err(format!("it has {} token types for {} tokens", types.len(), tokens.len()));
    }
    let added = tokens.iter().zip(&types).filter(|(_, kind)| matches!(**kind, CONTROL | USER_DEFINED));
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
    use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer as _};

    use super::*;

    fn pieces(name: &str, text: &str) -> Vec<String> {
        let pre = PRE_TOKENIZERS.iter().find(|pre| pre.names.contains(&name)).expect(name);
        let splitter: PreTokenizerWrapper = serde_json::from_value((pre.json)()).expect("a pre-tokenizer");
        let mut string = PreTokenizedString::from(text);
        splitter.pre_tokenize(&mut string).expect("splits");
        let splits = string.get_splits(OffsetReferential::Original, OffsetType::Byte);
        splits.into_iter().map(|(_, (start, end), _)| text[start..end].to_owned()).collect()
    }

    #[test]
    fn each_pre_tokenizer_cuts_as_its_models_do() {
        let text = "It's 12345 o'clock!\n\nOK";
        assert_eq!(pieces("gpt-2", text), ["It", "'s", " 12345", " o", "'", "clock", "!", "\n", "\n", "OK"]);
        assert_eq!(
            pieces("smollm", text),
            ["It", "'s", " ", "1", "2", "3", "4", "5", " o", "'", "clock", "!", "\n", "\n", "OK"]
        );
        assert_eq!(pieces("llama-bpe", text), ["It", "'s", " ", "123", "45", " o", "'clock", "!\n\n", "OK"]);
        assert_eq!(pieces("qwen2", text), ["It", "'s", " ", "1", "2", "3", "4", "5", " o", "'clock", "!\n\n", "OK"]);
    }

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
