//! The card of a template: what it can do, or what it does instead.

use serde_json::Value;

use crate::support::{command, json_of, lossglass, reported, stdout};

fn card(template: &str) -> Value {
    json_of(&mut command(&["mask", "--card", "--format", "json", "--template", template]))["template"].clone()
}

#[test]
fn a_template_that_does_it_all() {
    let card = card("chatml");
    let all = card.as_object().expect("an object");
    let others: Vec<&str> = all.iter().filter(|(_, answer)| **answer != true).map(|(key, _)| key.as_str()).collect();
    assert_eq!(others, ["tools", "parts"], "{card}");
    assert!(all.len() >= 18, "{}", all.len());
    let page = stdout(&lossglass(&["mask", "--card", "--template", "chatml"]));
    assert!(page.contains("✓ system in the middle\n") && page.contains("✓ generation tags\n"), "{page}");
}

#[test]
fn what_templates_do_instead() {
    let of = |name: &str| card(&format!("tests/templates/{name}.jinja"));
    let (qwen3, mistral, gemma, llama) = (of("qwen3"), of("mistral"), of("gemma"), of("llama3"));
    assert_eq!((&qwen3["reasoning_field"], &qwen3["history_reasoning"]), (&true.into(), &"dropped".into()));
    assert_eq!(qwen3["prefix_stable"], false, "the last answer gets an empty think block");
    assert_eq!(qwen3["calls_object"], true);
    assert!(gemma["assistant_first"].as_str().is_some_and(|text| text.starts_with("refused: ")), "{gemma}");
    assert_eq!(mistral["generation_tags"], false);
    assert_eq!((&llama["reasoning_field"], &llama["two_users"]), (&"dropped".into(), &true.into()), "{llama}");
    assert!(
        llama["stop_is_eos"].as_str().is_some_and(|text| text.starts_with("<|eot_id|>, where a generation ends with "))
    );
    let tools = card(reported("tools.jinja").to_str().expect("a name"));
    assert_eq!((&tools["calls_object"], &tools["calls_string"]), (&true.into(), &"encoded once more".into()));
    assert_eq!((&tools["call_content_null"], &tools["call_content_absent"]), (&true.into(), &true.into()));
    let parts = card(reported("templates/r06-parts-repr.jinja").to_str().expect("a name"));
    assert_eq!(parts["parts"], "printed as a Python list");
    let raises = card(reported("templates/r07-parts-raise.jinja").to_str().expect("a name"));
    assert!(raises["parts"].as_str().is_some_and(|text| text.starts_with("fails: ")), "{raises}");
}

#[test]
fn models_show_has_the_card() {
    let shown = json_of(&mut command(&["models", "show", "tiny-chat", "--format", "json"]));
    let card = &shown["template_card"];
    assert_eq!((&card["system"], &card["calls_object"]), (&true.into(), &"dropped".into()), "{card}");
    assert_eq!(card["stop_is_eos"], true);
    let page = stdout(&lossglass(&["models", "show", "tiny-chat"]));
    assert!(page.contains("template        ✓ system\n"), "{page}");
}
