//! What a chat template can do, printed.

use std::io::{self, Write};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::model::Reader;
use crate::sequence::{Vocabulary, visible_text};
use crate::template::ChatTemplate;
use crate::template::card::{Ability, Answer, card};

/// The card of the template that `reader` uses.
///
/// # Errors
/// If it has none, or one that does not parse.
pub fn of_reader(reader: &Reader) -> Result<Vec<Ability>> {
    let template = reader.template().with_context(|| {
        format!("model {} has no chat template; give one with --template FILE or --template chatml", reader.name)
    })??;
    Ok(of(&template, &reader.vocabulary))
}

/// The card of a template with this vocabulary.
pub fn of(template: &ChatTemplate, vocabulary: &Vocabulary) -> Vec<Ability> {
    let ends: Vec<String> = vocabulary.generation_ends().into_iter().map(|id| vocabulary.id_text(id)).collect();
    card(template, &ends)
}

/// One line each: the mark and the name, or what the template does instead.
pub fn lines(card: &[Ability]) -> Vec<String> {
    let line = |Ability { title, answer, .. }: &Ability| match answer {
        Answer::Yes => format!("✓ {title}"),
        Answer::No => format!("✗ {title}"),
        Answer::Instead(instead) => format!("✗ {title:<32}{instead}"),
    };
    card.iter().map(|ability| visible_text(&line(ability))).collect()
}

/// An object: true, false, or what the template does instead, by name.
pub fn json(card: &[Ability]) -> Value {
    let value = |answer: &Answer| match answer {
        Answer::Yes => json!(true),
        Answer::No => json!(false),
        Answer::Instead(instead) => json!(instead),
    };
    Value::Object(card.iter().map(|ability| (ability.key.to_owned(), value(&ability.answer))).collect::<Map<_, _>>())
}

/// Prints the card of the template that `reader` uses; `name` is what the template is called.
///
/// # Errors
/// If it has none, one that does not parse, or writing fails.
pub fn print(reader: &Reader, name: &str, as_json: bool) -> Result<()> {
    let card = of_reader(reader)?;
    let mut out = io::stdout().lock();
    if as_json {
        writeln!(out, "{}", json!({"schema": 1, "model": reader.name, "template": json(&card)}))?;
        return Ok(());
    }
    writeln!(out, "chat template {} · {}\n", visible_text(name), visible_text(&reader.name))?;
    for line in lines(&card) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
