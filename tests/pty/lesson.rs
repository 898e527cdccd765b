//! The first lesson in a real pseudo-terminal, with no keys but those that the screen shows.

use crate::terminal::Pty;

/// The lesson's panel under the view: from its title on, without its frame.
fn panel(screen: &str) -> Vec<String> {
    let lines: Vec<&str> = screen.lines().collect();
    let is_title = |line: &&str| line.contains(" of ") && line.contains(" · ") && line.starts_with('╭');
    let at = lines.iter().rposition(is_title).unwrap_or(0);
    lines[at..].iter().map(|line| line.trim_matches(['│', ' ', '╭', '╮', '╰', '╯', '─']).to_owned()).collect()
}

/// Step and number of steps that the panel's title says.
fn place(screen: &str) -> Option<(usize, usize)> {
    let title = panel(screen).first()?.clone();
    let (at, rest) = title.split_once(" of ")?;
    Some((at.trim().parse().ok()?, rest.split(' ').next()?.parse().ok()?))
}

/// What the screen says is to be done, as keys.
fn asked(screen: &str) -> Option<String> {
    if screen.contains("esc close") {
        return Some("\x1b".into());
    }
    let panel = panel(screen);
    let from = panel.iter().rposition(|line| line.starts_with('▸'))?;
    // An ask may go on in the next lines.
    let ask = panel[from..].iter().take_while(|line| !line.starts_with('>')).cloned().collect::<Vec<_>>().join(" ");
    let bytes = |key: &str| match key {
        "→" => "\x1b[C".to_owned(),
        "↓" => "\x1b[B".to_owned(),
        "space" => " ".to_owned(),
        "enter" => "\r".to_owned(),
        key => key.to_owned(),
    };
    let words: Vec<&str> = ask.split([' ', ':', ',', '.', ';']).collect();
    if ask.contains("enter goes on") || ask.contains("enter ends") {
        return Some("\r".into());
    }
    if let Some(at) = words.iter().position(|word| *word == "Press") {
        let times = match words.get(at + 2) {
            Some(&"six") => 6,
            Some(&"three") => 3,
            _ => 1,
        };
        return Some(bytes(words[at + 1]).repeat(times));
    }
    let typed = ["0.99", "0.01"].into_iter().find(|number| ask.contains(&format!("ype {number}")));
    if let Some(number) = typed {
        return Some(format!("{number}\r"));
    }
    match () {
        () if ask.contains("one half") => Some("0.69\r".into()),
        () if ask.contains("up or down") => Some("down\r".into()),
        () if ask.contains("Which token comes next") => Some("mat\r".into()),
        // enter takes the place of the cursor, or the marks that there are.
        () if ask.contains("enter takes") => Some("\r".into()),
        () => None,
    }
}

#[test]
fn the_first_lesson_is_gone_through_with_the_keys_on_the_screen() {
    let mut pty = Pty::start(&["--text", "My own text."], &[], 80, 24);
    pty.wait_for("ready");
    assert!(pty.screen().contains("A lesson"), "the key is on the screen: {}", pty.screen());
    pty.press("A");
    pty.wait_for("How a model learns");
    pty.wait_for("enter take");
    pty.press("\r");
    pty.wait_until("the first step", |screen| place(screen).is_some_and(|(at, _)| at == 1) && asked(screen).is_some());
    let (_, steps) = place(&pty.screen()).expect("a title");
    let mut last = (0, String::new());
    let mut presses = 0;
    loop {
        pty.wait_until("something to do", |screen| asked(screen).is_some() || screen.contains("is over"));
        pty.take_until_silent(std::time::Duration::from_millis(60));
        let screen = pty.screen();
        if screen.contains("is over") {
            break;
        }
        // A step in slow motion lies over the panel until esc closes it.
        let (at, Some(keys)) = (place(&screen).map_or(last.0, |(at, _)| at), asked(&screen)) else { continue };
        assert!(at == last.0 || at == last.0 + 1, "from step {} to {at}", last.0);
        presses = if (at, &keys) == (last.0, &last.1) { presses + 1 } else { 0 };
        assert!(presses < 60, "step {at} of {steps}: {keys:?} leads nowhere\n{screen}");
        assert!(screen.lines().all(|line| !line.contains("not yet")), "{screen}");
        last = (at, keys.clone());
        pty.press(&keys);
        pty.take_until_silent(std::time::Duration::from_millis(120));
    }
    assert_eq!(last.0, steps, "it ended after its last step");
    pty.wait_for("my own text".replace('m', "M").as_str().split(' ').next().unwrap_or("My"));
    pty.press("q");
    pty.wait_for_exit();
    pty.assert_restored();
}

#[test]
fn a_lesson_by_its_name_begins_at_once_and_without_a_terminal_says_what_to_do() {
    let mut pty = Pty::start(&["lesson", "forgets"], &[], 120, 40);
    pty.wait_for("1 of 8 · Something it knows");
    pty.press("q");
    pty.wait_for_exit();
    pty.assert_restored();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_lossglass")).arg("lesson").output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("a lesson needs a terminal"));
}
