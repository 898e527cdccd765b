//! Chats through the templates of `tests/templates`, with a tokenizer that knows the special tokens of all of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use lossglass::sample::{Chat, read_record};
use lossglass::sequence::{EncodeOptions, Sequence, Vocabulary, visible};
use lossglass::template::{CHATML, ChatTemplate};
use serde::de::DeserializeOwned;
use tokenizers::{AddedToken, Tokenizer};

const SPECIALS: [&str; 11] = [
    "<|begin_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<bos>",
    "<eos>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<s>",
    "</s>",
    "<|endoftext|>",
];

/// A template of the set.
pub struct Template {
    pub name: String,
    pub template: ChatTemplate,
}

pub static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let mut tokenizer = Tokenizer::from_file(path("fixtures/llama/tokenizer.json")).expect("the fixture's tokenizer");
    let specials: Vec<AddedToken> = SPECIALS.iter().map(|text| AddedToken::from(*text, true)).collect();
    tokenizer.add_special_tokens(specials).expect("they are new");
    let mut vocabulary = Vocabulary::new(tokenizer).expect("it has tokens");
    vocabulary.bos = vocabulary.tokenizer.token_to_id("<bos>");
    vocabulary.eos = vocabulary.tokenizer.token_to_id("<eos>");
    vocabulary
});

pub static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let parse = |source: Source| {
        let template = ChatTemplate::new(&source.text, source.special("bos_token"), source.special("eos_token"), None);
        Template { template: template.expect("it parses"), name: source.name }
    };
    sources().into_iter().map(parse).collect()
});

/// What a template of the set is made of.
pub struct Source {
    pub name: String,
    pub text: String,
    specials: BTreeMap<String, String>,
}

impl Source {
    pub fn special(&self, token: &str) -> Option<&str> {
        self.specials.get(token).map(String::as_str)
    }
}

pub fn sources() -> Vec<Source> {
    let specials: BTreeMap<String, BTreeMap<String, String>> = json("templates/specials.json");
    let source = |(name, specials): (String, _)| {
        let text = if name == "lossglass" { CHATML.into() } else { read(&format!("templates/{name}.jinja")) };
        Source { name, text, specials }
    };
    specials.into_iter().map(source).collect()
}

/// The chats that all of them were recorded with, by title.
pub fn chats() -> Vec<(String, Chat)> {
    let chats: serde_json::Map<String, serde_json::Value> = json("templates/chats.json");
    let chat = |(title, chat)| (title, read_record(chat, None).expect("a record").chat().expect("a chat"));
    chats.into_iter().map(chat).collect()
}

/// A JSON file of `tests`.
pub fn json<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_str(&read(name)).expect(name)
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

pub fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).expect(name)
}

pub fn template(name: &str) -> &'static Template {
    TEMPLATES.iter().find(|template| template.name == name).expect(name)
}

/// A template that is not of the set.
pub fn own(source: &str) -> Template {
    let template = ChatTemplate::new(source, None, Some("<|im_end|>"), None).expect("it parses");
    Template { name: "own".into(), template }
}

impl Template {
    /// The chat's tokens; `None` where the template refuses it.
    pub fn encode(&self, chat: &Chat) -> Option<Sequence> {
        let rendered = self.template.render(chat, false).ok()?;
        let made = Sequence::from_chat(&VOCABULARY, rendered, chat, EncodeOptions::default());
        // The vocabulary is no model's of these templates: which of their stops is its eos is left open.
        Some(Sequence { ends: Vec::new(), generation_ends: Vec::new(), ..made.expect("any text has tokens") })
    }

    /// The tokens of a chat written as JSON.
    pub fn of(&self, chat: &str) -> Sequence {
        self.encode(&chat_of(chat)).expect("the template takes it")
    }
}

impl Template {
    /// The same with contents in parts rendered as one text.
    pub fn of_joined(&self, chat: &str) -> Sequence {
        let mut chat = chat_of(chat);
        chat.join_parts();
        self.encode(&chat).expect("the template takes it")
    }
}

/// A chat written as JSON.
pub fn chat_of(json: &str) -> Chat {
    read_record(serde_json::from_str(json).expect(json), None).expect(json).chat().expect(json)
}

/// The text with what `is_scored` in brackets.
pub fn bracketed(sequence: &Sequence, is_scored: impl Fn(usize) -> bool) -> String {
    let mut out = String::new();
    for (t, token) in sequence.tokens.iter().enumerate() {
        let (before, now) = (t > 0 && is_scored(t - 1), is_scored(t));
        match (before, now) {
            (false, true) => out.push('⟦'),
            (true, false) => out.push('⟧'),
            _ => {}
        }
        out += &visible(&token.bytes);
    }
    if is_scored(sequence.len().saturating_sub(1)) {
        out.push('⟧');
    }
    out
}
