//! Every construct of jinja2 and every method of Python's that a template may use prints what it prints in transformers.
//! `tests/templates/constructs.py` recorded what that is.

use lossglass::sample::{Chat, Form, read_record};
use lossglass::template::ChatTemplate;

fn chat() -> Chat {
    let messages = serde_json::json!([{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Yo."}]);
    read_record(messages, Some(Form::Messages)).expect("a record").chat().expect("a chat")
}

#[test]
fn every_construct_prints_what_jinja2_prints() {
    let expected: Vec<(String, Option<String>)> =
        serde_json::from_str(include_str!("../templates/constructs.json")).expect("a list of pairs");
    let mut wrong = Vec::new();
    for (source, out) in &expected {
        let rendered = ChatTemplate::new(source, None, None, None).and_then(|template| template.render(&chat(), false));
        let rendered = rendered.map(|rendered| rendered.text);
        if rendered.as_ref().ok() != out.as_ref() {
            wrong.push(format!("{source}\n  jinja2 {out:?}\n  here   {rendered:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), expected.len(), wrong.join("\n"));
}
