use lossglass::sample::{Chat, read_chat};
use lossglass::template::{ChatTemplate, Rendered};

fn show(r: &Rendered) -> String {
    let mut out = String::new();
    for s in &r.segments {
        let turn = s.turn.map_or("-".into(), |t| t.to_string());
        out += &format!(
            "{turn} {:<9} {:<18} {:?}\n",
            s.role.as_deref().unwrap_or("-"),
            s.part.name(),
            &r.text[s.span.clone()]
        );
    }
    for n in &r.notes {
        out += &format!("note: {n}\n");
    }
    if let Some(g) = &r.generation {
        for g in g {
            out += &format!("generation: {:?}\n", &r.text[g.clone()]);
        }
    }
    out
}

#[test]
fn try_it() {
    let source = std::fs::read_to_string("tests/fixtures/llama/chat_template.jinja").unwrap();
    let chat: Chat = read_chat(r#"{"messages":[{"role":"user","content":" hi <think> "},{"role":"assistant","content":"<think>\nhm\n</think>\n\nyes"},{"role":"user","content":""},{"role":"assistant","content":""}]}"#, 0).unwrap().0;
    println!(
        "{}",
        show(&ChatTemplate::new(&source, None, Some("<|im_end|>"), None).unwrap().render(&chat, true).unwrap())
    );
    println!("{}", show(&ChatTemplate::chatml().render(&chat, true).unwrap()));
}
