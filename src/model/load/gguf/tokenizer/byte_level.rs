//! Byte-level BPE (`tokenizer.ggml.model` = gpt2).

use serde_json::{Value as Json, json};
use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::{DecoderWrapper, NormalizerWrapper, PreTokenizerWrapper, Tokenizer};

use super::USE_DIRECTORY;
use crate::model::load::gguf::{Metadata, Problem};

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
    pub(super) adds_bos: bool,
}

/// The ones this version knows, by their first name also in files that it writes.
pub(in crate::model) const PRE_TOKENIZERS: [PreTokenizer; 4] = [
    PreTokenizer { names: &["gpt-2"], json: gpt2, ignore_merges: false, nfc: false, adds_bos: false },
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

/// The pre-tokenizer that the file names. `default`, or no name, is what llama.cpp falls back to where it does not know
/// better, and what the model was trained with only where that can be but one.
pub(super) fn pre_tokenizer(metadata: Metadata<'_>) -> Result<&'static PreTokenizer, Problem> {
    let name = match metadata.text("tokenizer.ggml.pre") {
        None | Some("default") if metadata.text("general.architecture") == Some("gpt2") => "gpt-2",
        None => {
            let reason = format!("it does not name its pre-tokenizer (`tokenizer.ggml.pre`); {USE_DIRECTORY}");
            return Err(Problem::Unsupported(reason));
        }
        Some(name) => name,
    };
    PRE_TOKENIZERS.iter().find(|pre| pre.names.contains(&name)).ok_or_else(|| {
        let known: Vec<&str> = PRE_TOKENIZERS.iter().flat_map(|pre| pre.names).copied().collect();
        let known = known.join(", ");
        Problem::Unsupported(format!(
            "pre-tokenizer `{name}` is not known: this version knows {known}; {USE_DIRECTORY}"
        ))
    })
}

/// Builds it from the file's tokens and merges.
pub(super) fn tokenizer(metadata: Metadata<'_>, pre: &PreTokenizer, tokens: &[&str]) -> Result<Tokenizer, String> {
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
    Ok(tokenizer)
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
}
