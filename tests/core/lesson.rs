//! Lessons as files: what is read, and how every mistake is named by its line.

use lossglass::lesson::{Ask, Deed, Lesson, Mistake, SHIPPED, Shelf, Terms, parse};
use lossglass::sample::{Form, Record, Sample};
use proptest::prelude::*;

fn terms() -> Terms {
    let view = |name: &str, panels: &[&str]| (name.to_owned(), panels.iter().map(|&panel| panel.to_owned()).collect());
    Terms {
        views: vec![view("predict", &[]), view("attend", &["mask", "heads"])],
        keys: ["→", "space", "i"].map(str::to_owned).to_vec(),
        twins: vec!["full or LoRA".into()],
    }
}

/// Beside the lesson lies `two.jsonl` with two records, and nothing else.
fn read(source: &str) -> Result<Lesson, Vec<Mistake>> {
    let file = |name: &str| match name {
        "two.jsonl" => {
            let record = |text: &str| Record { form: Form::Text, split: None, sample: Sample::Text(text.into()) };
            Ok(vec![record("one"), record("two")])
        }
        _ => Err(format!("{name:?} is outside the lesson's folder")),
    };
    parse(source, &Shelf { terms: &terms(), file: &file })
}

/// A lesson of one step whose block has these lines, from line 7 on, and this text.
fn step(directives: &str, text: &str) -> String {
    format!("---\ntitle: T\n---\n## One\n\n```step\n{directives}\n```\n\n{text}\n")
}

fn mistakes(source: &str) -> Vec<Mistake> {
    read(source).expect_err(source)
}

#[test]
fn a_lesson_is_read() {
    let source = "---\ntitle: A first look\nabout: one token\nminutes: 2\nchat: random\n---\n\n# Anything\n\n## What comes next?\n\n\
                  ```step\ntext: The cat sat.\\nIt slept.\nview: predict\ncursor: \" sat\"\nkeep: base = loss\nclaim: \" sat\" is first\n\
                  notes: Let them guess: 0.5?\nnotes: Then wait.\npress: →\nuntil: here_target is \".\"\nthen train: 3\n```\n\nThe model gives {target}\n{p}.\n<!-- for who teaches -->\n\
                  Loss {base}.\n\n> It gives {first}.\n\n## And then\n\n```step\nuser: Hi\nassistant: Hello\nmodel: base\nmask: assistant\n```\n\n\
                  A chat.\n";
    let lesson = read(source).expect("a lesson");
    assert_eq!((lesson.title.as_str(), lesson.minutes, lesson.steps.len()), ("A first look", Some(2), 2));
    assert_eq!((lesson.base.name(), lesson.chat.name()), ("tiny-base".into(), "random".into()));
    let first = &lesson.steps[0];
    assert_eq!(
        (first.line, first.title.as_str(), first.claims.len(), first.then.len()),
        (10, "What comes next?", 1, 1)
    );
    assert_eq!(first.notes, ["Let them guess: 0.5?", "Then wait."]);
    assert!(matches!(&first.ask, Ask::Press { keys, until: Some(_) } if keys == &["→"]));
    let Deed::Open { record, model: None, .. } = &first.deeds[0] else { panic!("{:?}", first.deeds[0]) };
    assert_eq!(record.sample, Sample::Text("The cat sat.\nIt slept.".into()));
    // Going back to the second step needs only its own scene.
    assert_eq!((lesson.scene_of(1), lesson.way_to(1).len()), (1, 2));
    let Deed::Open { record, model: Some(_), .. } = &lesson.steps[1].deeds[0] else { panic!("a chat with its model") };
    assert!(matches!(&record.sample, Sample::Chat(chat) if chat.messages.len() == 2));
}

#[test]
fn every_mistake_is_named_by_its_line() {
    let text = "text: The cat.";
    let with = |directive: &str| step(&format!("{text}\n{directive}"), "It reads.");
    // The source, the line, and a piece of what is said.
    let wrong: Vec<(String, usize, &str)> = vec![
        ("## One\n".into(), 1, "front matter"),
        ("---\ntitle: T\n".into(), 1, "never ends"),
        ("---\ntitle: T\nauthor: me\n---\n".into(), 3, "unknown key \"author\""),
        ("---\ntitle T\n---\n".into(), 2, "has no colon"),
        ("---\nabout: x\n---\n".into(), 1, "no title"),
        ("---\ntitle: T\nminutes: soon\n---\n".into(), 3, "whole number"),
        ("---\ntitle: T\nbase: /etc/passwd\n---\n".into(), 3, "no model \"/etc/passwd\""),
        ("---\ntitle: T\n---\nNothing.\n".into(), 4, "no step"),
        ("---\ntitle: T\n---\n## One\n\nIt reads.\n".into(), 4, "has no block"),
        ("---\ntitle: T\n---\n## One\n```step\ntext: x\n```\n```step\n```\nIt reads.\n".into(), 8, "has one block"),
        ("---\ntitle: T\n---\n## One\n```step\ntext: x\n".into(), 5, "never closes"),
        ("---\ntitle: T\n---\n## One\n```rust\n```\n".into(), 5, "no step"),
        (step("view: predict", "It reads."), 4, "opens nothing"),
        (step(text, ""), 4, "says nothing"),
        (step(text, &"word ".repeat(100)), 10, "too long"),
        (step(text, "It has {los}."), 10, "no live value \"los\""),
        (step(text, "It has {loss."), 10, "never closes"),
        (step(text, "It has 0.78."), 10, "written by hand"),
        (step(text, "A\u{1b}[31m red word."), 10, "control character, U+001B"),
        (with("veiw: predict"), 8, "no directive \"veiw\""),
        (with("view predict"), 8, "has no colon"),
        (with("view: pictures"), 8, "no view \"pictures\"; there are predict, attend"),
        (with("view: attend\npanel: masks"), 9, "no panel of the view attend \"masks\""),
        (with("panel: mask"), 8, "a panel is of a view"),
        (with("model: gpt-9"), 8, "no model \"gpt-9\""),
        (with("model: ../secret"), 8, "no model"),
        (with("mask: some"), 8, "no mask \"some\""),
        (with("press: F99"), 8, "no view has a key \"F99\""),
        (with("press: enter"), 8, "the lesson's own key"),
        (with("press: →\nguess: token"), 9, "line 8 asks for another"),
        (with("until: loss < 1"), 8, "press: → stands before it"),
        (with("guess: everything"), 8, "no guess \"everything\""),
        (with("guess: loss"), 4, "then train: 1"),
        (with("then train: 3"), 4, "nothing is asked"),
        (with("train: -1"), 8, "no whole number"),
        (with("train: 100000"), 8, "too many"),
        (with("rate: fast"), 8, "no number"),
        (with("twin: day and night"), 8, "no twin run"),
        (with("claim: loss ~ 1"), 8, "a claim compares"),
        (with("claim: loss < 1"), 8, "needs other words"),
        (step(text, "It reads.\n\n> Or not."), 12, "nothing is claimed"),
        (with("keep: loss = 1"), 8, "a live value already"),
        (with("keep: Base = loss"), 8, "no name"),
        (with("open: ../../etc/passwd"), 8, "outside the lesson's folder"),
        (with("open: two.jsonl 7"), 8, "no record 7: it has 2"),
        (with("cursor: \"mat"), 8, "never ends"),
        (with("table: mat 0.5, floor 0.4"), 8, "not to 1"),
        (with("edit: mat 0.5"), 8, "no table to edit"),
        (with("attention: everywhere"), 8, "attention"),
        (with("type: los"), 8, "no live value"),
        (with("view:"), 8, "nothing stands behind view"),
    ];
    for (source, line, said) in &wrong {
        let all = mistakes(source);
        let named = all.iter().any(|mistake| mistake.line == *line && mistake.problem.contains(said));
        assert!(named, "line {line}, {said:?}: {all:?}\n{source}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_order_and_without_escape_sequences() {
    let all = mistakes(&step("text: a\nveiw: b\u{1b}[2J\nmask: c", "It has 1.5 and {x}."));
    let lines: Vec<usize> = all.iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, [8, 8, 9, 12], "{all:?}");
    for mistake in all {
        assert!(!mistake.to_string().contains('\u{1b}'), "{mistake}");
    }
}

#[test]
fn the_shipped_lessons_are_read_and_their_texts_are_short() {
    for shipped in SHIPPED {
        let lesson =
            lossglass::app::shipped(shipped.source).unwrap_or_else(|mistakes| panic!("{}: {mistakes:?}", shipped.name));
        assert!(lesson.minutes.is_some() && !lesson.about.is_empty(), "{}", shipped.name);
        for step in &lesson.steps {
            // Two or three sentences; a decimal point ends none.
            let text = format!("{:?}", step.text);
            let sentences = text.matches(". ").count() + text.matches("? ").count() + 1;
            assert!(sentences <= 5, "{}, line {}: {sentences} sentences", shipped.name, step.line);
        }
    }
}

/// Pieces that lessons are made of, and what they are not made of.
fn piece() -> impl Strategy<Value = String> {
    let known = [
        "---\n",
        "title: T\n",
        "## One\n",
        "```step\n",
        "```\n",
        "text: The cat.\n",
        "user: Hi\n",
        "claim: loss < 1\n",
        "press: →\n",
        "until: p > 0.5\n",
        "table: a 0.5, b 0.5\n",
        "edit: a 0.1\n",
        "keep: x = loss\n",
        "It has {p}.\n",
        "{x + 1}\n",
        "> No.\n",
        "<!-- note\n",
        "-->\n",
        "then train: 1\n",
        "cursor: \"a\" 2\n",
        "type: cost(0.5) within 0.1\n",
        "guess: loss\n",
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,12}\n?", 1 => "[{}()\"<>=:|*/+a-z0-9. ]{0,12}\n?"]
}

proptest! {
    #[test]
    fn whatever_a_file_says_is_read_or_refused_by_a_line_of_it(pieces in prop::collection::vec(piece(), 0..40)) {
        let source: String = pieces.concat();
        let lines = source.lines().count().max(1);
        match read(&source) {
            Ok(lesson) => {
                prop_assert!(lesson.steps.first().is_some_and(|step| step.opens()));
                for at in 0..lesson.steps.len() {
                    // Wherever one goes, the way begins with a scene.
                    let opens = lesson.way_to(at).iter().any(|deed| matches!(deed, Deed::Open { .. }));
                    prop_assert!(opens, "step {}", at);
                }
            }
            Err(mistakes) => {
                prop_assert!(!mistakes.is_empty());
                for Mistake { line, problem } in mistakes {
                    prop_assert!((1..=lines).contains(&line) && !problem.is_empty(), "line {line} of {lines}: {problem}");
                }
            }
        }
    }

    #[test]
    fn whatever_is_typed_as_a_guess_is_a_bet_or_refused(typed in "\\PC{0,40}") {
        if let Ok(bets) = lossglass::lesson::bets(&typed) {
            prop_assert!(!bets.is_empty());
            let sum: f64 = bets.iter().filter_map(|bet| bet.p).sum();
            prop_assert!(sum <= 1.0 + 1e-6);
            for hit in (0..bets.len()).map(Some).chain([None]) {
                let nll = lossglass::lesson::class_nll(&bets, hit, 4096);
                prop_assert!(nll.is_none_or(|nll| nll >= -1e-9));
            }
        }
    }
}
