//! What a recipe may say: every line that is wrong is named with its key.

use std::path::Path;

use lossglass::pretrain::{Recipe, RecipeError};

use super::Small;

fn problems(text: &str, folder: &Path) -> Vec<String> {
    let RecipeError(problems) = Recipe::parse(text, folder).expect_err("it is wrong");
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn every_line_that_is_wrong_is_named_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let text = Small { steps: 5, every: 100, batch: 2, more: "" }.write(folder.path());
    let text = text
        .replace("hidden_size = 32", "hidden_size = 30")
        .replace("kv_heads = 2", "kv_heads = 3")
        .replace("lr = 1e-2", "lr = -1.0")
        .replace("length = 32", "length = 65")
        .replace("animals.jsonl", "plants.jsonl");
    let found = problems(&text, folder.path());
    let line = |words: &str| 1 + text.lines().position(|line| line.contains(words)).unwrap();
    for (key, words, part) in [
        ("model.hidden_size", "hidden_size", "a multiple of 8"),
        ("model.kv_heads", "kv_heads", "cannot share"),
        ("stage[0].length", "length", "give 64 or less"),
        ("stage[0].lr", "lr =", "a number above 0"),
        ("stage[0].source[0].file", "plants", "does not exist"),
    ] {
        let start = format!("line {}: {key}: ", line(words));
        assert!(found.iter().any(|one| one.starts_with(&start) && one.contains(part)), "{start}{part}: {found:?}");
    }
    assert_eq!(found.len(), 5, "{found:?}");
}

#[test]
fn what_is_no_recipe_is_told_where() {
    let folder = tempfile::tempdir().unwrap();
    let good = Small { steps: 5, every: 100, batch: 2, more: "" }.write(folder.path());
    for (from, to, words, part) in [
        ("vocab_size = 300", "vocab_size = many", "many", ""),
        ("layers = 2", "layers = \"2\"", "layers", "model.layers"),
        ("layers = 2", "layers = -2", "layers", "model.layers"),
        ("warmup = 3", "warm_up = 3", "warm_up", "unknown field `warm_up`"),
        ("held_out = 10", "packing = 1", "packing = 1", "unknown field `packing`"),
        ("lr = 1e-2", "lr = 1e-2\nschedule = \"bent\"", "bent", "unknown variant `bent`"),
        ("lr = 1e-2", "lr = 1e-2\nmask = \"everybody\"", "everybody", "stage[0].mask"),
        ("layers = 2", "", "[model]", "missing field `layers`"),
    ] {
        let text = good.replace(from, to);
        let found = problems(&text, folder.path());
        let line = 1 + text.lines().position(|line| line.contains(words)).unwrap();
        assert!(found[0].starts_with(&format!("line {line}: ")) && found[0].contains(part), "{to}: {found:?}");
        assert!(!found[0].contains('\n'));
    }
    assert!(problems("seed = 1\n", folder.path())[0].contains("missing field `tokenizer`"));
}

#[test]
fn a_tokenizer_is_trained_or_another_models() {
    let folder = tempfile::tempdir().unwrap();
    let good = Small { steps: 4, every: 100, batch: 2, more: "" }.write(folder.path());
    let of = |tokenizer: &str| good.replace("vocab_size = 300", tokenizer);
    let recipe = Recipe::parse(&of("of = \"tiny-base\""), folder.path()).unwrap();
    assert_eq!(recipe.vocab_size().unwrap(), 4096);
    for (tokenizer, part) in [
        ("of = \"tinny-base\"", "tokenizer.of: no model `tinny-base`"),
        ("of = \"tiny-base\"\nvocab_size = 300", "tokenizer.vocab_size: the tokenizer of another model has its own"),
        ("characters = 10", "tokenizer: give vocab_size, or of"),
    ] {
        let found = problems(&of(tokenizer), folder.path());
        assert!(found.len() == 1 && found[0].contains(part), "{tokenizer}: {found:?}");
    }
}
