//! The first screen, and a lesson in front of a class.

use crate::terminal::Pty;

#[test]
fn the_first_screen_offers_ways_to_begin_until_something_is_done() {
    let mut pty = Pty::start(&[], &[], 80, 24);
    for way in ["A  a lesson", "e  a text of your own", "o  your own data"] {
        pty.wait_for(way);
    }
    pty.press("\x1b[C");
    pty.wait_until("the ways to begin to go", |screen| !screen.contains("your own data"));
    pty.press("q");
    pty.wait_for_exit();
    // Who says what to open is not asked.
    let mut pty = Pty::start(&["--text", "Hello world"], &[], 80, 24);
    pty.wait_for("ready");
    assert!(!pty.screen().contains("your own data"), "{}", pty.screen());
    pty.press("q");
    pty.wait_for_exit();
}

#[test]
fn a_class_sees_the_views_and_the_keys_and_its_teacher_the_notes() {
    let directory = tempfile::tempdir().expect("a directory");
    let notes = directory.path().join("notes.txt");
    let path = notes.to_str().expect("a path of letters");
    let mut pty = Pty::start(&["lesson", "how", "--present", "--notes", path, "--theme", "contrast"], &[], 200, 60);
    for title in ["Teacher forcing", "Score: what counts", "Train: how the model learns", "Attend  Mask"] {
        pty.wait_for(title);
    }
    pty.wait_for("the key pressed stands here");
    // The first step asks for a guess; tab is the next view's key there.
    pty.wait_for("Which token comes next?");
    pty.wait_for("enter take");
    pty.press("\t");
    pty.wait_until("the key in words", |screen| screen.lines().rev().nth(1).is_some_and(|l| l.contains("next view")));
    let told = || std::fs::read_to_string(&notes).unwrap_or_default();
    pty.wait_until("the notes", |_| told().contains("next: "));
    assert!(told().starts_with("\n1 of ") && told().contains("What comes next?"), "{}", told());
    pty.press("\x03");
    pty.wait_for_exit();
}
