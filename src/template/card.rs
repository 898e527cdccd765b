//! What a template can do, found out by small chats that it is tried with.

use serde_json::{Value, json};

use super::{Changed, ChatTemplate, Part, Rendered, TemplateError};
use crate::sample::{Chat, is_assistant, read_record};

/// One thing that a template may be able to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ability {
    /// Its name in JSON.
    pub key: &'static str,
    /// In words.
    pub title: &'static str,
    pub answer: Answer,
}

/// Whether a template can do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
    /// What it does instead, in words.
    Instead(String),
}

impl Answer {
    fn of(is_so: bool) -> Self {
        if is_so { Self::Yes } else { Self::No }
    }

    fn instead(text: impl Into<String>) -> Self {
        Self::Instead(text.into())
    }
}

/// Words that no template has of its own.
const SYSTEM: &str = "Qsystem";
const USERS: [&str; 2] = ["Quser", "Qother"];
const ANSWERS: [&str; 2] = ["Qanswer", "Qreply"];
const THOUGHT: &str = "Qthought";
const TOOL: &str = "qtool";
const VALUE: &str = "Qvalue";
const RESULT: &str = "Qresult";

/// What `template` does with each of the chats that data sets have, in the order of a table. `ends` are the texts of the
/// tokens that end a generation of the model.
pub fn card(template: &ChatTemplate, ends: &[String]) -> Vec<Ability> {
    let ability = |key, title, answer| Ability { key, title, answer };
    let [user, other] = USERS.map(|text| said("user", text));
    let [answer, reply] = ANSWERS.map(|text| said("assistant", text));
    let system = said("system", SYSTEM);
    let plain = [user.clone(), answer.clone(), other.clone(), reply.clone()];
    let (object, string) = (json!({"x": VALUE}), json!(json!({"x": VALUE}).to_string()));
    let places = |messages: &[Value], texts: &[&str]| placed(template, messages, texts);
    vec![
        ability("system", "system", places(&[system.clone(), user.clone(), answer.clone()], &[SYSTEM, USERS[0]])),
        ability(
            "system_in_the_middle",
            "system in the middle",
            places(
                &[user.clone(), answer.clone(), system, other.clone(), reply.clone()],
                &[ANSWERS[0], SYSTEM, USERS[1]],
            ),
        ),
        ability("two_users", "two users in a row", places(&[user.clone(), other.clone(), reply.clone()], &USERS)),
        ability(
            "assistant_first",
            "assistant first",
            places(&[answer, other.clone(), reply.clone()], &[ANSWERS[0], USERS[1]]),
        ),
        ability("reasoning_field", "reasoning field", reasoning(template, &[user.clone(), thought(true)])),
        ability("inline_reasoning", "inline reasoning", reasoning(template, &[user.clone(), thought(false)])),
        ability("history_reasoning", "history keeps reasoning", history(template, &user, &other, &reply)),
        ability(
            "tools",
            "list of tools",
            rendered_of(template, &calling(&object, json!("")), |rendered| has(rendered, "Qdescription", "dropped")),
        ),
        ability("calls_object", "tool calls, arguments as object", calls(template, &object)),
        ability("calls_string", "tool calls, arguments as string", calls(template, &string)),
        ability("call_content_null", "tool calls, content null", content(template, &object, Some(Value::Null))),
        ability("call_content_empty", "tool calls, content empty", content(template, &object, Some(json!("")))),
        ability("call_content_absent", "tool calls, content absent", content(template, &object, None)),
        ability(
            "tool_results",
            "tool results",
            rendered_of(template, &calling(&object, json!("")), |rendered| has(rendered, RESULT, "dropped")),
        ),
        ability("parts", "content in parts", parts(template)),
        ability("generation_tags", "generation tags", Answer::of(template.has_generation_tags())),
        ability("stop_is_eos", "its stop ends a generation", stop(template, &plain, ends)),
        ability("prefix_stable", "earlier turns stay as they are", stable(template, &plain, &user, &other, &reply)),
    ]
}

fn said(role: &str, text: &str) -> Value {
    json!({"role": role, "content": text})
}

/// An answer with reasoning, in a field of its own or between marks.
fn thought(in_field: bool) -> Value {
    match in_field {
        true => json!({"role": "assistant", "content": ANSWERS[0], "reasoning_content": THOUGHT}),
        false => said("assistant", &format!("<think>\n{THOUGHT}\n</think>\n\n{}", ANSWERS[0])),
    }
}

/// A call of a tool, its result and an answer.
fn calling(arguments: &Value, content: Value) -> Value {
    let call = json!({"id": "call00001", "type": "function", "function": {"name": TOOL, "arguments": arguments}});
    let parameters = json!({"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]});
    json!({
        "messages": [
            said("user", USERS[0]),
            {"role": "assistant", "content": content, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call00001", "name": TOOL, "content": RESULT},
            said("assistant", ANSWERS[0]),
        ],
        "tools": [{"type": "function", "function": {"name": TOOL, "description": "Qdescription", "parameters": parameters}}],
    })
}

fn chat(record: &Value) -> Option<Chat> {
    read_record(record.clone(), None).ok()?.chat()
}

fn render(template: &ChatTemplate, record: &Value) -> Result<Rendered, TemplateError> {
    template.render(&chat(record).unwrap_or_default(), false)
}

/// What `judge` says of the rendered record, or that the template refuses it.
fn rendered_of(template: &ChatTemplate, record: &Value, judge: impl Fn(&Rendered) -> Answer) -> Answer {
    match render(template, record) {
        Ok(rendered) => judge(&rendered),
        Err(TemplateError::Refused { message }) => Answer::instead(format!("refused: {message}")),
        Err(error) => Answer::instead(format!("fails: {error}")),
    }
}

fn has(rendered: &Rendered, text: &str, otherwise: &str) -> Answer {
    if rendered.text.contains(text) { Answer::Yes } else { Answer::instead(otherwise) }
}

/// Whether these texts are all there, in this order, with marks between them.
fn placed(template: &ChatTemplate, messages: &[Value], texts: &[&str]) -> Answer {
    rendered_of(template, &json!(messages), |rendered| {
        let places: Vec<Option<usize>> = texts.iter().map(|text| rendered.text.find(text)).collect();
        if let Some(lost) = places.iter().position(Option::is_none) {
            return Answer::instead(if texts.len() == 1 || lost == 0 || texts[lost] == SYSTEM {
                "dropped"
            } else {
                "one is dropped"
            });
        }
        let places: Vec<usize> = places.into_iter().flatten().collect();
        if !places.is_sorted() {
            return Answer::instead("moved to another place");
        }
        let is_joined = |i: usize| rendered.text[places[i] + texts[i].len()..places[i + 1]].trim().is_empty();
        match (0..places.len() - 1).any(is_joined) {
            true => Answer::instead("put into one turn with what follows"),
            false => Answer::Yes,
        }
    })
}

fn reasoning(template: &ChatTemplate, messages: &[Value]) -> Answer {
    rendered_of(template, &json!(messages), |rendered| has(rendered, THOUGHT, "dropped"))
}

/// Of what the template prints of the last answer: does it print it of an earlier one?
fn history(template: &ChatTemplate, user: &Value, other: &Value, reply: &Value) -> Answer {
    let prints = |in_field| reasoning(template, &[user.clone(), thought(in_field)]) == Answer::Yes;
    let Some(in_field) = [true, false].into_iter().find(|&in_field| prints(in_field)) else {
        return Answer::instead("it prints none");
    };
    reasoning(template, &[user.clone(), thought(in_field), other.clone(), reply.clone()])
}

fn calls(template: &ChatTemplate, arguments: &Value) -> Answer {
    rendered_of(template, &calling(arguments, json!("")), |rendered| {
        if !rendered.facts.encoded_twice.is_empty() {
            return Answer::instead("encoded once more");
        }
        has(rendered, VALUE, "dropped")
    })
}

/// Whether a call whose message has that content is printed as one with an empty content.
fn content(template: &ChatTemplate, arguments: &Value, content: Option<Value>) -> Answer {
    let mut record = calling(arguments, json!(""));
    if let Some(message) = record["messages"][1].as_object_mut() {
        match content {
            Some(content) => message.insert("content".into(), content),
            None => message.shift_remove("content"),
        };
    }
    let empty = render(template, &calling(arguments, json!(""))).map(|rendered| rendered.text);
    rendered_of(template, &record, |rendered| match (&empty, has(rendered, VALUE, "dropped")) {
        (_, dropped @ Answer::Instead(_)) => dropped,
        (Ok(empty), _) if *empty != rendered.text => Answer::instead("printed otherwise than an empty one"),
        _ => Answer::Yes,
    })
}

fn parts(template: &ChatTemplate) -> Answer {
    let parts = |text: &str| json!([{"type": "text", "text": text}]);
    let messages =
        json!([{"role": "user", "content": parts(USERS[0])}, {"role": "assistant", "content": parts(ANSWERS[0])}]);
    rendered_of(template, &messages, |rendered| {
        if rendered.changes.iter().any(|change| change.what == Changed::PrintedAsList) {
            return Answer::instead("printed as a Python list");
        }
        match USERS[..1].iter().chain(&ANSWERS[..1]).all(|text| rendered.text.contains(text)) {
            true => Answer::Yes,
            false => Answer::instead("dropped"),
        }
    })
}

fn stop(template: &ChatTemplate, plain: &[Value], ends: &[String]) -> Answer {
    rendered_of(template, &json!(plain), |rendered| {
        let is_own = |part: Part, role: Option<&str>| part == Part::Stop && role.is_some_and(is_assistant);
        let last = rendered.segments.iter().rfind(|segment| is_own(segment.part, segment.role.as_deref()));
        match last.map(|stop| &rendered.text[stop.span.clone()]) {
            None => Answer::instead("nothing ends a turn"),
            Some(stop) if ends.iter().any(|end| end == stop) => Answer::Yes,
            Some(stop) if ends.is_empty() => Answer::instead(format!("{stop}; the model names no end")),
            Some(stop) => Answer::instead(format!("{stop}, where a generation ends with {}", ends.join(", "))),
        }
    })
}

/// Whether what is printed of two messages is what is printed of them before two more.
fn stable(template: &ChatTemplate, plain: &[Value], user: &Value, other: &Value, reply: &Value) -> Answer {
    let is_prefix = |messages: &[Value]| {
        let text = |messages: &[Value]| render(template, &json!(messages)).map(|rendered| rendered.text);
        Ok::<bool, TemplateError>(text(messages)?.starts_with(text(&messages[..2])?.trim_end()))
    };
    match is_prefix(plain) {
        Err(error) => return Answer::instead(format!("fails: {error}")),
        Ok(false) => return Answer::No,
        Ok(true) => {}
    }
    let with_thought = |in_field| [user.clone(), thought(in_field), other.clone(), reply.clone()];
    match [true, false].into_iter().all(|in_field| is_prefix(&with_thought(in_field)).unwrap_or(true)) {
        true => Answer::Yes,
        false => Answer::instead("not where an answer has reasoning"),
    }
}
