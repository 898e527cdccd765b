//! What the model itself writes in an assistant's turn is scored, and what the generation prompt supplies is not.

use lossglass::sample::is_assistant;
use lossglass::template::{ChatTemplate, Part, Rendered};
use serde_json::json;

fn render(source: &str, messages: serde_json::Value) -> Rendered {
    let template = ChatTemplate::new(source, None, None, None).expect("it parses");
    template.render(&super::chat(messages), false).expect("it renders")
}

/// What mode `assistant` scores, message by message.
fn scored(rendered: &Rendered) -> Vec<String> {
    let mut texts: Vec<(Option<usize>, String)> = Vec::new();
    for segment in &rendered.segments {
        let is_said = matches!(segment.part, Part::Content | Part::Reasoning | Part::ToolCall | Part::Stop);
        if segment.turn.is_none() || !segment.role.as_deref().is_some_and(is_assistant) || !is_said {
            continue;
        }
        let text = &rendered.text[segment.span.clone()];
        match texts.last_mut() {
            Some((turn, said)) if *turn == segment.turn => said.push_str(text),
            _ => texts.push((segment.turn, text.into())),
        }
    }
    texts.into_iter().map(|(_, text)| text).collect()
}

/// The text of one message's part.
fn part(rendered: &Rendered, turn: usize, part: Part) -> String {
    let of_part = rendered.segments.iter().filter(|segment| segment.turn == Some(turn) && segment.part == part);
    of_part.map(|segment| &rendered.text[segment.span.clone()]).collect()
}

/// A user asks, the assistant calls, a tool answers, and so on to the last answer.
fn tool_loop() -> serde_json::Value {
    let call = |x: u32| json!([{"type": "function", "function": {"name": "f", "arguments": {"x": x}}}]);
    json!([
        {"role": "user", "content": "W?"},
        {"role": "assistant", "content": "", "reasoning_content": "look", "tool_calls": call(1)},
        {"role": "tool", "content": "mild"},
        {"role": "assistant", "content": "", "reasoning_content": "again", "tool_calls": call(2)},
        {"role": "tool", "content": "hot"},
        {"role": "assistant", "content": "Hot.", "reasoning_content": "done"},
    ])
}

/// As DeepSeek writes calls: after a tool's answer the model goes on without a marker.
#[test]
fn a_call_after_a_tools_answer_is_scored_from_its_opener_on() {
    let source = "{% for m in messages %}{% if m.role == 'user' %}<｜User｜>{{ m.content }}{% elif m.role == 'tool' %}\
                  <｜tool▁output▁begin｜>{{ m.content }}<｜tool▁output▁end｜>{% else %}\
                  {% if messages[loop.index0 - 1].role == 'user' %}<｜Assistant｜>{% endif %}{{ m.content }}\
                  {% for c in m.tool_calls or [] %}{{ '\n' }}<｜tool▁call▁begin｜>function<｜tool▁sep｜>{{ c.function.name }}\
                  {{ c.function.arguments|tojson }}<｜tool▁call▁end｜>{% endfor %}<｜end▁of▁sentence｜>{% endif %}\
                  {% endfor %}{% if add_generation_prompt %}<｜Assistant｜>{% endif %}";
    let call = |x| {
        format!("\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>f{{\"x\": {x}}}<｜tool▁call▁end｜><｜end▁of▁sentence｜>")
    };
    let rendered = render(source, tool_loop());
    assert_eq!(scored(&rendered), [call(1), call(2), "Hot.<｜end▁of▁sentence｜>".into()]);
    assert_eq!(part(&rendered, 2, Part::ToolResult), "<｜tool▁output▁begin｜>mild<｜tool▁output▁end｜>");
}

/// A template that asks for no answer where a call or a tool's answer is the end still has one way to begin a turn.
#[test]
fn a_chat_that_no_prompt_follows_has_headers_too() {
    let source = "{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}<|say|>{% endif %}{{ m.content }}\
                  <|end|>{% endfor %}\
                  {% if add_generation_prompt and messages[-1].role == 'user' %}<|assistant|>{% endif %}";
    let rendered = render(source, json!(tool_loop().as_array().expect("messages")[..5]));
    assert_eq!(part(&rendered, 1, Part::Header), "<|assistant|>");
    let prompted = rendered.facts.prompted.iter().map(|range| &rendered.text[range.clone()]);
    assert_eq!(prompted.collect::<Vec<_>>(), ["<|assistant|>"; 2]);
}

/// As Gemma 4 and Command A write them: delimiters that are no `<think>`.
#[test]
fn a_reasoning_has_its_delimiters_and_ends_before_a_call() {
    let channel = "{% for m in messages %}{% if m.role == 'tool' %}<|tool_response>r{value:{{ m.content }}}<tool_response|>\
                   {% else %}{% if loop.index0 == 0 or messages[loop.index0 - 1].role != 'tool' %}<|turn>\
                   {{ 'model' if m.role == 'assistant' else m.role }}{{ '\n' }}{% endif %}\
                   {% if m.reasoning_content %}<|channel>thought {{ m.reasoning_content }}<channel|>{% endif %}\
                   {% for c in m.tool_calls or [] %}<|tool_call>call:{{ c.function.name }}{{ c.function.arguments|tojson }}\
                   <tool_call|>{% endfor %}{{ m.content }}{% if not m.tool_calls %}<turn|>{% endif %}{% endif %}{% endfor %}\
                   {% if add_generation_prompt %}<|turn>model{{ '\n' }}{% endif %}";
    let rendered = render(channel, tool_loop());
    let thoughts = [1, 3, 5].map(|turn| part(&rendered, turn, Part::Reasoning));
    assert_eq!(thoughts, ["look", "again", "done"].map(|text| format!("<|channel>thought {text}<channel|>")));
    let calls = [1, 3].map(|turn| part(&rendered, turn, Part::ToolCall));
    assert_eq!(calls, [1, 2].map(|x| format!("<|tool_call>call:f{{\"x\": {x}}}<tool_call|>")));
    assert_eq!(part(&rendered, 3, Part::Header), "", "the model has the word already");

    let planned = "{% for m in messages %}<|START_OF_TURN_TOKEN|>{% if m.role == 'assistant' %}<|CHATBOT_TOKEN|>\
                   {% if m.tool_calls %}<|START_THINKING|>{{ m.tool_plan }}<|END_THINKING|><|START_ACTION|>[\
                   {% for c in m.tool_calls %}{{ c.function|tojson }}{% endfor %}]<|END_ACTION|>{% else %}<|START_RESPONSE|>\
                   {{ m.content }}<|END_RESPONSE|>{% endif %}{% else %}<|USER_TOKEN|>{{ m.content }}{% endif %}\
                   <|END_OF_TURN_TOKEN|>{% endfor %}\
                   {% if add_generation_prompt %}<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>PROMPT{% endif %}";
    let chat = json!([
        {"role": "user", "content": "W?"},
        {"role": "assistant", "tool_plan": "I look.", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
        {"role": "assistant", "content": "Mild."},
    ]);
    let call = "<|START_THINKING|>I look.<|END_THINKING|><|START_ACTION|>[{\"name\": \"f\", \"arguments\": {}}]\
                <|END_ACTION|><|END_OF_TURN_TOKEN|>";
    for (prompt, opener) in [("", "<|START_RESPONSE|>"), ("<|START_RESPONSE|>", "")] {
        let rendered = render(&planned.replace("PROMPT", prompt), chat.clone());
        assert_eq!(scored(&rendered), [call.into(), format!("{opener}Mild.<|END_RESPONSE|><|END_OF_TURN_TOKEN|>")]);
        assert_eq!(part(&rendered, 1, Part::Reasoning), "<|START_THINKING|>I look.<|END_THINKING|>");
    }
}

/// Blank lines that the prompt does not supply are the model's, and so is the end of a reasoning that it opens.
#[test]
fn whitespace_behind_what_the_prompt_supplies_is_scored() {
    let source = "{% for m in messages %}{% if m.role == 'user' %}<|user|>{{ m.content }}{% else %}<|assistant|>BEFORE\
                  {{ m.content.split('</think>')[-1].strip() }}<|end|>{% endif %}{% endfor %}\
                  {% if add_generation_prompt %}<|assistant|>PROMPT{% endif %}";
    let chat = json!([{"role": "user", "content": "2?"}, {"role": "assistant", "content": "<think>a</think>\n\nTwo."}]);
    for (before, prompt, said) in [
        ("{{ '\n\n' }}", "", "\n\nTwo.<|end|>"),
        ("{{ '\n' }}", "{{ '\n' }}", "Two.<|end|>"),
        ("<think>so</think>", "<think>", "so</think>Two.<|end|>"),
    ] {
        let rendered = render(&source.replace("BEFORE", before).replace("PROMPT", prompt), chat.clone());
        assert_eq!(scored(&rendered), [said], "{}", super::show(&rendered));
    }
}

/// As gpt-oss writes a reasoning that is there and empty: a message of its own, and no text that the template invents.
#[test]
fn an_empty_reasoning_is_the_assistants() {
    let source = "{% for m in messages %}{% if m.role == 'user' %}<|start|>user<|message|>{{ m.content }}<|end|>{% else %}\
                  <|start|>assistant<|channel|>analysis<|message|>{{ m.thinking }}<|end|>\
                  <|start|>assistant<|channel|>final<|message|>{{ m.content }}<|return|>{% endif %}{% endfor %}\
                  {% if add_generation_prompt %}<|start|>assistant{% endif %}";
    let turn = |thought: &str| {
        let chat = json!([{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Yo.", "reasoning_content": thought}]);
        let rendered = render(source, chat);
        assert!(rendered.notes.is_empty(), "{:?}", rendered.notes);
        scored(&rendered).concat()
    };
    for thought in ["", "so"] {
        let said = format!(
            "<|channel|>analysis<|message|>{thought}<|end|><|start|>assistant<|channel|>final<|message|>Yo.<|return|>"
        );
        assert_eq!(turn(thought), said);
    }
}

#[test]
fn a_stop_of_the_templates_own_ends_every_turn_without_its_newline() {
    let source = "{% for m in messages %}[|{{ m.role }}|]\n{{ m.content }}[|over|]\n{% endfor %}";
    let talk = [("user", "Hi."), ("assistant", "Yo."), ("user", "More?"), ("assistant", "No.")];
    let messages = talk.map(|(role, content)| json!({"role": role, "content": content}));
    let rendered = render(source, json!(messages));
    assert_eq!(scored(&rendered), ["Yo.[|over|]", "No.[|over|]"]);
    assert_eq!(part(&rendered, 0, Part::Stop), "[|over|]");
    assert_eq!(scored(&render(source, json!(messages[..3]))), ["Yo.[|over|]"], "a user has the last word");
}

#[test]
fn a_stop_of_the_templates_own_behind_a_call_is_no_part_of_it() {
    for stop in ["[|over|]", "<turn_end>"] {
        let source = "{% for m in messages %}[|{{ m.role }}|]{{ m.content }}{% for c in m.tool_calls or [] %}<call>\
                      {{ c.function|tojson }}</call>{% endfor %}STOP\n{% endfor %}";
        let rendered = render(&source.replace("STOP", stop), json!(tool_loop().as_array().expect("messages")[..2]));
        assert_eq!(part(&rendered, 1, Part::Stop), stop, "{}", super::show(&rendered));
        assert_eq!(part(&rendered, 1, Part::ToolCall), "<call>{\"name\": \"f\", \"arguments\": {\"x\": 1}}</call>");
    }
}

/// A tag, a bracket or a quote that a template puts around a tool's answer: both ends are the answer's.
#[test]
fn what_wraps_a_tools_answer_opens_where_it_closes() {
    for (before, after, header) in [
        ("<tool_response>\n", "\n</tool_response>", "<|im_start|>user\n"),
        ("<|START_TOOL_RESULT|>[{\"0\": ", "}]<|END_TOOL_RESULT|>", "<|im_start|>user\n"),
        ("\"", "\"", "<|im_start|>user\n"),
        ("", "", "<|im_start|>user\n"),
    ] {
        let source = format!(
            "{{% for m in messages %}}<|im_start|>{{{{ 'user' if m.role == 'tool' else m.role }}}}\n\
             {{% if m.role == 'tool' %}}{before}{{{{ m.content }}}}{after}{{% else %}}{{{{ m.content }}}}{{% endif %}}<|im_end|>\n\
             {{% endfor %}}"
        );
        let rendered = render(&source, tool_loop());
        assert_eq!(part(&rendered, 2, Part::Header), header);
        assert_eq!(part(&rendered, 2, Part::ToolResult), format!("{before}mild{after}"));
    }
}

/// Where no stop ends a call, its tail is the call's and the marker behind it the tool's.
#[test]
fn a_tools_header_after_a_call_without_stop_is_no_call() {
    let source = "{% for m in messages %}{% if m.role == 'tool' %}<|observation|>{{ m.content }}{% elif m.role == 'user' %}\
                  <|user|>{{ m.content }}{% else %}<|assistant|>{{ m.content }}{% for c in m.tool_calls or [] %}OPEN\
                  {{ c.function.name }} {{ c.function.arguments|tojson }}CLOSE{% endfor %}{% endif %}{% endfor %}\
                  {% if add_generation_prompt %}<|assistant|>{% endif %}";
    for (open, close) in [("<tool_call>", "</tool_call>"), ("<|call_begin|>", "<|call_end|>"), ("", "")] {
        let rendered = render(&source.replace("OPEN", open).replace("CLOSE", close), tool_loop());
        let call = |x| format!("{open}f {{\"x\": {x}}}{close}");
        assert_eq!(scored(&rendered), [call(1), call(2), "Hot.".into()], "{}", super::show(&rendered));
        assert_eq!(part(&rendered, 2, Part::Header), "<|observation|>");
    }
}
