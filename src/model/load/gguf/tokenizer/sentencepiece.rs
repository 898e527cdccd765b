//! SentencePiece's BPE (`tokenizer.ggml.model` = llama): of all neighbours that make a token, those whose token has the
//! best score are joined first; what has no token is spelled in bytes.

use std::collections::HashMap;

use serde_json::{Value as Json, json};
use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::{DecoderWrapper, NormalizerWrapper, Tokenizer};

use super::{NORMAL, UNKNOWN, USE_DIRECTORY};
use crate::model::load::gguf::{Metadata, Problem};

/// What stands for a space.
const SPACE: &str = "\u{2581}";

/// Builds it from the file's tokens and scores. A text, and what follows a special token, begins with a space unless
/// the file says otherwise.
pub(super) fn tokenizer(metadata: Metadata<'_>, tokens: &[&str], kinds: &[i128]) -> Result<Tokenizer, Problem> {
    if metadata.flag("tokenizer.ggml.remove_extra_whitespaces") == Some(true) {
        let reason = "its tokenizer removes extra spaces, which this version does not do".to_owned();
        return Err(Problem::Unsupported(reason));
    }
    let scores = metadata.numbers("tokenizer.ggml.scores").ok_or("it has no scores (`tokenizer.ggml.scores`)")?;
    if scores.len() != tokens.len() {
        return Err(format!("it has {} scores for {} tokens", scores.len(), tokens.len()).into());
    }
    let size = u32::try_from(tokens.len()).map_err(|_| "it has too many tokens")?;
    let vocab: Vocab = tokens.iter().map(|token| (*token).to_owned()).zip(0..size).collect();
    let unknown = kinds.iter().position(|kind| *kind == UNKNOWN).map(|id| tokens[id].to_owned());
    let mut model =
        BPE::builder().vocab_and_merges(vocab, merges(tokens, kinds, &scores)?).byte_fallback(true).fuse_unk(true);
    if let Some(unknown) = unknown {
        model = model.unk_token(unknown);
    }
    let model = model.build().map_err(|error| format!("its tokens make no tokenizer: {error}"))?;
    let broken = |error: serde_json::Error| format!("its tokenizer cannot be built: {error}");
    let begins_with_space = metadata.flag("tokenizer.ggml.add_space_prefix").unwrap_or(true);
    let mut tokenizer = Tokenizer::new(model);
    let normalizer: NormalizerWrapper = serde_json::from_value(normalizer(begins_with_space)).map_err(broken)?;
    let decoder: DecoderWrapper = serde_json::from_value(decoder(begins_with_space)).map_err(broken)?;
    let _ = tokenizer.with_normalizer(Some(normalizer));
    tokenizer.with_decoder(Some(decoder));
    Ok(tokenizer)
}

/// Every pair of tokens that together are a token, the best score first.
fn merges(tokens: &[&str], kinds: &[i128], scores: &[f64]) -> Result<Merges, Problem> {
    let ids: HashMap<&str, usize> = tokens.iter().enumerate().map(|(id, token)| (*token, id)).collect();
    let mut order: Vec<usize> = (0..tokens.len()).filter(|id| kinds[*id] == NORMAL).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let mut merges = Merges::new();
    let mut before: Option<usize> = None;
    for id in order {
        let token = tokens[id];
        // Of one token's pairs that with the longest left side first, as transformers converts such tokenizers.
        let cuts = token.char_indices().rev().filter(|(at, _)| *at > 0).map(|(at, _)| token.split_at(at));
        let known = cuts.filter(|(left, right)| ids.contains_key(left) && ids.contains_key(right));
        let pairs: Vec<_> = known.map(|(left, right)| (left.to_owned(), right.to_owned())).collect();
        if pairs.is_empty() {
            continue;
        }
        // Of two equals the one further left is joined first, which no order of merges says.
        if let Some(other) = before.filter(|other| scores[*other] == scores[id]) {
            let reason = format!("its tokens {other} and {id} have the same score, and neither comes first");
            return Err(Problem::Unsupported(format!("{reason}; {USE_DIRECTORY}")));
        }
        before = Some(id);
        merges.extend(pairs);
    }
    Ok(merges)
}

fn normalizer(begins_with_space: bool) -> Json {
    let spaces = json!({"type": "Replace", "pattern": {"String": " "}, "content": SPACE});
    match begins_with_space {
        true => json!({"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": SPACE}, spaces]}),
        false => spaces,
    }
}

fn decoder(begins_with_space: bool) -> Json {
    let mut steps = vec![
        json!({"type": "Replace", "pattern": {"String": SPACE}, "content": " "}),
        json!({"type": "ByteFallback"}),
        json!({"type": "Fuse"}),
    ];
    if begins_with_space {
        steps.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
    }
    json!({"type": "Sequence", "decoders": steps})
}
