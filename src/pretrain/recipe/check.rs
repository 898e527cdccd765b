//! What a recipe asks for that cannot be, line by line.

use std::collections::{HashMap, HashSet};

use toml::de::{DeTable, DeValue};

use super::{Problem, Recipe, SourceRecipe, Stage, line_of};
use crate::mask::Mode;
use crate::source::Source;
use crate::train::Shape as Decay;

/// No token's id is larger: tokens are held in 16 bits.
pub(in crate::pretrain) const MOST_TOKENS: usize = 1 << 16;
/// The 256 bytes and the special tokens.
const FEWEST_TOKENS: usize = 259;

/// Where each key of a file stands: `stage[0].lr` to the byte of its value.
fn places(text: &str) -> HashMap<String, usize> {
    let mut found = HashMap::new();
    // Of a file that is no TOML as far as it can be read.
    let (table, _) = DeTable::parse_recoverable(text);
    walk(table.get_ref(), "", &mut found);
    found
}

fn walk(table: &DeTable<'_>, before: &str, found: &mut HashMap<String, usize>) {
    for (key, value) in table {
        let path = format!("{before}{}", key.get_ref());
        found.insert(path.clone(), key.span().start);
        match value.get_ref() {
            DeValue::Table(inner) => walk(inner, &format!("{path}."), found),
            DeValue::Array(values) => {
                for (i, value) in values.iter().enumerate() {
                    found.insert(format!("{path}[{i}]"), value.span().start);
                    if let DeValue::Table(inner) = value.get_ref() {
                        walk(inner, &format!("{path}[{i}]."), found);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The key on the line of a place in the file; empty where there is none.
pub(super) fn key_at(text: &str, at: usize) -> String {
    let line = line_of(text, at);
    let on_line = places(text).into_iter().filter(|(_, place)| line_of(text, *place) == line);
    on_line.min_by_key(|(key, place)| (place.abs_diff(at), key.len())).map_or_else(String::new, |(key, _)| key)
}

/// All that is wrong, in the order of the file.
pub(super) fn problems(recipe: &Recipe, text: &str) -> Vec<Problem> {
    let mut found = Found { places: places(text), text, problems: Vec::new() };
    found.tokenizer(recipe);
    found.model(recipe);
    found.watched(recipe);
    found.when(recipe.stages.is_empty(), "stage", "a recipe needs at least one [[stage]]");
    for (i, stage) in recipe.stages.iter().enumerate() {
        found.stage(recipe, stage, &format!("stage[{i}]"));
        let is_named_before = recipe.stages[..i].iter().any(|other| other.name == stage.name);
        found.when(is_named_before, &format!("stage[{i}].name"), "another stage has this name; give it one of its own");
    }
    found.problems.sort_by_key(|problem| problem.line);
    found.problems
}

struct Found<'a> {
    places: HashMap<String, usize>,
    text: &'a str,
    problems: Vec<Problem>,
}

impl Found<'_> {
    fn when(&mut self, is_wrong: bool, key: &str, problem: impl Into<String>) {
        if is_wrong {
            // A key that stands nowhere has its default: the table it belongs to is named.
            let table = key.rsplit_once('.').map_or("", |(table, _)| table);
            let place = self.places.get(key).or_else(|| self.places.get(table));
            let line = place.map_or(0, |&at| line_of(self.text, at));
            self.problems.push(Problem { line, key: key.to_owned(), problem: problem.into() });
        }
    }

    fn positive(&mut self, value: usize, key: &str) {
        self.when(value == 0, key, "give 1 or more");
    }

    fn number(&mut self, is_fine: bool, key: &str, wanted: &str) {
        self.when(!is_fine, key, format!("give {wanted}"));
    }

    fn tokenizer(&mut self, recipe: &Recipe) {
        let range = format!("give {FEWEST_TOKENS} (the 256 bytes and three special tokens) to {MOST_TOKENS}");
        match (recipe.tokenizer.vocab_size, &recipe.tokenizer.of) {
            (Some(size), None) => {
                self.when(!(FEWEST_TOKENS..=MOST_TOKENS).contains(&size), "tokenizer.vocab_size", range);
            }
            (None, None) => self.when(true, "tokenizer", "give vocab_size, or of, a model whose tokenizer it is"),
            (None, Some(name)) => {
                if let Err(error) = Source::parse(name) {
                    self.when(true, "tokenizer.of", error.to_string());
                }
            }
            (Some(_), Some(_)) => {
                self.when(
                    true,
                    "tokenizer.vocab_size",
                    "the tokenizer of another model has its own; give one of the two",
                );
            }
        }
        self.positive(recipe.tokenizer.characters, "tokenizer.characters");
    }

    fn model(&mut self, recipe: &Recipe) {
        let shape = &recipe.model;
        let sizes = [
            ("layers", shape.layers),
            ("hidden_size", shape.hidden_size),
            ("intermediate_size", shape.intermediate_size),
            ("heads", shape.heads),
            ("kv_heads", shape.kv_heads.unwrap_or(1)),
            ("context", shape.context),
        ];
        let before = self.problems.len();
        for (key, size) in sizes {
            self.positive(size, &format!("model.{key}"));
            self.when(size >= 1 << 24, &format!("model.{key}"), "nothing of that size fits into a machine");
        }
        let (heads, width) = (shape.heads.max(1), shape.hidden_size);
        self.when(
            width % heads != 0 || (width / heads) % 2 != 0,
            "model.hidden_size",
            format!("{width} does not divide among {heads} heads of an even width; give a multiple of {}", 2 * heads),
        );
        let kv_heads = shape.kv_heads.unwrap_or(heads).max(1);
        self.when(
            heads % kv_heads != 0,
            "model.kv_heads",
            format!("{heads} heads cannot share {kv_heads} key/value heads evenly"),
        );
        let is_positive = shape.rope_theta.is_finite() && shape.rope_theta > 0.0;
        self.number(is_positive, "model.rope_theta", "a number above 0");
        if self.problems.len() == before
            && let Err(error) = recipe.config(recipe.tokenizer.vocab_size.unwrap_or(FEWEST_TOKENS)).validate()
        {
            self.when(true, "model", error.to_string());
        }
    }

    fn watched(&mut self, recipe: &Recipe) {
        self.positive(recipe.checkpoints.every, "checkpoints.every");
        let last = recipe.steps();
        let beyond = recipe.checkpoints.keep.iter().flatten().find(|step| **step > last);
        if let Some(step) = beyond {
            self.when(true, "checkpoints.keep", format!("the run ends after step {last}, before step {step}"));
        }
        self.positive(recipe.watch.every, "watch.every");
        self.positive(recipe.watch.tokens, "watch.tokens");
        let is_empty = recipe.watch.prompts.iter().any(String::is_empty);
        self.when(is_empty, "watch.prompts", "a prompt is empty; give it a word, or leave it out");
    }

    fn stage(&mut self, recipe: &Recipe, stage: &Stage, at: &str) {
        let key = |name: &str| format!("{at}.{name}");
        for (name, value) in [("steps", stage.steps), ("batch", stage.batch)] {
            self.positive(value, &key(name));
        }
        self.when(
            stage.length < 2,
            &key("length"),
            "give 2 or more: the first token of a sequence predicts the second",
        );
        let context = recipe.model.context;
        self.when(
            stage.length > context,
            &key("length"),
            format!("the model's context is {context} tokens; give {context} or less"),
        );
        self.number(stage.lr.is_finite() && stage.lr > 0.0, &key("lr"), "a number above 0");
        for (name, value) in [("weight_decay", stage.weight_decay), ("clip", stage.clip)] {
            self.number(value.is_finite() && value >= 0.0, &key(name), "0 or a number above it");
        }
        self.when(
            stage.schedule != Decay::Constant && stage.warmup >= stage.steps.max(1),
            &key("warmup"),
            format!("the warm-up takes all {} steps, which leaves none for the schedule", stage.steps),
        );
        if let Some(Err(error)) = stage.mask.as_ref().map(|mask| mask.parse::<Mode>()) {
            self.when(true, &key("mask"), error.to_string());
        }
        self.when(stage.sources.is_empty(), &key("source"), "a stage needs at least one [[stage.source]]");
        let mut names = HashSet::new();
        for (i, source) in stage.sources.iter().enumerate() {
            let is_new = names.insert(source.name.as_str());
            self.source(source, &format!("{at}.source[{i}]"));
            let key = format!("{at}.source[{i}].name");
            self.when(!is_new, &key, "another source of the stage has this name; give it one of its own");
        }
    }

    fn source(&mut self, source: &SourceRecipe, at: &str) {
        let key = |name: &str| format!("{at}.{name}");
        self.when(source.name.trim().is_empty(), &key("name"), "give it a name");
        let file = source.file.display();
        self.when(!source.file.exists(), &key("file"), format!("{file} does not exist"));
        self.number(source.weight.is_finite() && source.weight > 0.0, &key("weight"), "a number above 0");
        self.when(
            source.held_out == 1,
            &key("held_out"),
            "every record would be held out, and none trained on; give 2 or more, or 0",
        );
        self.when(source.characters == Some(0), &key("characters"), "give 1 or more");
    }
}
