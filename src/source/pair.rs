//! A base model and what became of it by learning to chat.

use super::catalogue::{self, Entry, Origin};
use super::{Embedded, Source};

/// What is added to the name of a base model that learned to chat.
const CHAT: [&str; 2] = ["-instruct", "-it"];
/// What is added to the name of a model that chats where the base model's has something more.
const BASE: &str = "-base";

/// The pair that is part of the program.
pub const EMBEDDED: [Source; 2] = [Source::Embedded(Embedded::TinyBase), Source::Embedded(Embedded::TinyChat)];

/// The base model and the one that chats, of which `source` is one; `None` where the other is not known.
pub fn pair(source: &Source) -> Option<[Source; 2]> {
    match source {
        Source::Embedded(Embedded::TinyBase | Embedded::TinyChat) | Source::Early(_) => Some(EMBEDDED),
        Source::Hub(address) => {
            let own = catalogue::entries().iter().find(|entry| {
                on_hub(entry).is_some_and(|own| matches!(own, Source::Hub(own) if own.repository == address.repository))
            })?;
            let is_in = |pair: &[&Entry; 2]| pair.iter().any(|entry| entry.name == own.name);
            let [base, chat] = pairs().find(is_in)?;
            Some([on_hub(base)?, on_hub(chat)?])
        }
        Source::Embedded(_) | Source::Directory(_) | Source::Gguf(_) => None,
    }
}

/// The pairs of the catalogue, by their names.
fn pairs() -> impl Iterator<Item = [&'static Entry; 2]> {
    let of = |base: &'static Entry| {
        let plain = base.name.strip_suffix(BASE);
        let with_ending = CHAT.iter().find_map(|ending| catalogue::find(&format!("{}{ending}", base.name)));
        Some([base, plain.and_then(catalogue::find).or(with_ending)?])
    };
    catalogue::entries().iter().filter_map(of)
}

fn on_hub(entry: &Entry) -> Option<Source> {
    match &entry.origin {
        Origin::Hub(on_hub) => Some(Source::Hub(on_hub.address(None))),
        Origin::Pypi(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_base_model_of_the_catalogue_finds_the_one_that_chats_and_back() {
        let named = |name: &str| Source::parse(name).expect("known");
        for (base, chat) in [
            ("tiny-base", "tiny-chat"),
            ("smollm2-135m", "smollm2-135m-instruct"),
            ("smollm2-360m", "smollm2-360m-instruct"),
            ("qwen2.5-0.5b", "qwen2.5-0.5b-instruct"),
            ("qwen3-0.6b-base", "qwen3-0.6b"),
            ("gemma-3-270m", "gemma-3-270m-it"),
        ] {
            let both = Some([named(base), named(chat)]);
            assert_eq!((pair(&named(base)), pair(&named(chat))), (both.clone(), both), "{base}");
        }
        for alone in ["pythia-14m", "gpt2", "random"] {
            assert_eq!(pair(&named(alone)), None, "{alone}");
        }
    }
}
