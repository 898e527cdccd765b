//! `lesson`: the list, and what a check says of lessons that are true, untrue, and wrong.

use std::fs;

use crate::support::{lossglass, stderr, stdout};

#[test]
fn the_lessons_are_listed() {
    let printed = stdout(&lossglass(&["lesson", "list"]));
    for words in [
        "how ",
        "How a model learns",
        "chats ",
        "Will my chat data train what I think?",
        "forgets ",
        "What fine-tuning forgets",
    ] {
        assert!(printed.contains(words), "{words}: {printed}");
    }
}

/// Every step is run on the embedded models, and every claim is judged by the live numbers.
fn holds(name: &str) -> String {
    let output = lossglass(&["lesson", "check", name]);
    let printed = stdout(&output);
    assert!(output.status.success(), "{printed}{}", stderr(&output));
    assert!(!printed.contains("…"), "a value was not known: {printed}");
    assert!(!printed.contains('\u{1b}'));
    printed
}

#[test]
fn how_a_model_learns_is_true_of_the_embedded_models() {
    let printed = holds("how");
    assert!(printed.contains("costs −log 0.433 = 0.838 nats") && printed.contains("39 of 39  Now you"), "{printed}");
}

#[test]
fn the_lesson_for_engineers_is_true() {
    let printed = holds("chats");
    assert!(printed.contains("nanochat") && printed.contains("0.315"), "{printed}");
}

#[test]
fn what_fine_tuning_forgets_is_true() {
    holds("forgets");
}

fn lesson(steps: &str) -> String {
    format!("---\ntitle: T\n---\n{steps}")
}

#[test]
fn an_untrue_claim_is_an_exit_code_of_1_and_a_mistake_one_of_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("lesson.md");
    let check = |steps: &str| {
        fs::write(&file, lesson(steps)).expect("written");
        lossglass(&["lesson", "check", &file.display().to_string()])
    };
    let untrue = check(
        "## A\n```step\ntext: The cat sat on the mat.\ncursor: mat\nclaim: \" floor\" is first\n```\nYes.\n\n> No: {first}.\n",
    );
    let printed = stdout(&untrue);
    assert_eq!(untrue.status.code(), Some(1), "{printed}");
    assert!(printed.contains("line 8: first is “ floor” does not hold (␣mat against  floor)"), "{printed}");
    assert!(printed.contains("No: ␣mat.") && printed.contains("0 of 1 claims hold"), "{printed}");

    let wrong = check("## A\n```step\ntext: x\nveiw: predict\n```\nYes.\n");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("lesson.md, line 7: there is no directive"), "{}", stderr(&wrong));
    let none = lossglass(&["lesson", "check", "nothing"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("there is no lesson \"nothing\""), "{}", stderr(&none));
}

#[test]
fn a_lesson_opens_files_beside_it_and_no_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("own");
    fs::create_dir(&own).expect("created");
    let record = "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}, {\"role\": \"assistant\", \"content\": \"Hello\"}]}\n";
    fs::write(folder.path().join("secret.jsonl"), record).expect("written");
    fs::write(own.join("chats.jsonl"), record).expect("written");
    let file = own.join("lesson.md");
    let check = |name: &str| {
        fs::write(&file, lesson(&format!("## A\n```step\nopen: {name}\n```\nIt has {{tokens}} tokens.\n")))
            .expect("written");
        lossglass(&["lesson", "check", &file.display().to_string()])
    };
    let inside = check("chats.jsonl");
    assert!(inside.status.success(), "{}", stderr(&inside));
    let absolute = folder.path().join("secret.jsonl").display().to_string();
    for name in ["../secret.jsonl", absolute.as_str(), "./../secret.jsonl", "own/../../secret.jsonl"] {
        let outside = check(name);
        assert_eq!(outside.status.code(), Some(2), "{name}");
        assert!(stderr(&outside).contains("outside the lesson's folder"), "{name}: {}", stderr(&outside));
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path().join("secret.jsonl"), own.join("link.jsonl")).expect("linked");
        assert!(stderr(&check("link.jsonl")).contains("outside the lesson's folder"));
    }
}

#[test]
fn a_lesson_cannot_print_escape_sequences() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("chats.jsonl"), "{\"text\": \"a\\u001b[31mred\\u0007\"}\n").expect("written");
    let file = folder.path().join("lesson.md");
    let steps = "## A\n```step\nopen: chats.jsonl\ncursor: 2\n```\nThe token is {target}.\n";
    fs::write(&file, lesson(steps)).expect("written");
    let output = lossglass(&["lesson", "check", &file.display().to_string()]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(!stdout(&output).contains(['\u{1b}', '\u{7}']), "{:?}", stdout(&output));
}
