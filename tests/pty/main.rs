//! The program in a real pseudo-terminal: what a user types, what stands on the screen, what is left behind; and what
//! it does where there is none.

#[path = "../support/browser.rs"]
mod browser;
mod handing_out;
mod lesson;
mod presenting;
mod process;
#[path = "../support/terminal.rs"]
mod terminal;

use process::Signal;
use terminal::Pty;

/// The scored loss in the header, as a user reads it, once it is there: until then a dash stands in its place.
fn loss(pty: &mut Pty) -> f64 {
    pty.wait_until("a loss in the header", |screen| shown_loss(screen).is_some());
    shown_loss(&pty.screen()).expect("waited for")
}

fn shown_loss(screen: &str) -> Option<f64> {
    screen.lines().next()?.split("loss/scored ").nth(1)?.split(' ').next()?.parse().ok()
}

/// What the same program says of a text without a screen.
fn analyze(text: &str) -> serde_json::Value {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_lossglass"))
        .args(["analyze", "--text", text, "--format", "json"])
        .output()
        .expect("the binary starts");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn the_first_session_of_a_user() {
    let mut pty = Pty::start(&[], &[], 120, 40);
    // It opens on a chat, scored under the assistant mask by the embedded chat model.
    pty.wait_for("tiny-chat");
    pty.wait_for("ready");
    assert!(pty.screen().contains("8 of 26 scored"), "{}", pty.screen());
    let assistant = loss(&mut pty);

    // Another mask, another loss, at once.
    pty.press("\x1b[Z\x1b[Z"); // shift-tab, past completion
    pty.wait_for("26 of 26 scored");
    let all = loss(&mut pty);
    assert!(all > assistant, "the question costs more than the answer: {all} {assistant}");

    // Views.
    pty.press("2");
    pty.wait_for("causal");
    pty.press("3");
    pty.wait_for("completion");
    pty.press("1");
    pty.wait_for("Teacher forcing");

    // A text of one's own: the chat becomes text, what stands there is replaced by what is typed.
    pty.press("e");
    pty.wait_for("esc");
    pty.press("\x14"); // ctrl-t: raw text
    pty.wait_for("tiny-base");
    for _ in 0..80 {
        pty.press("\x7f");
    }
    pty.press("The cat sat on the mat.");
    pty.press("\x1b");
    pty.wait_for("6 of 6 scored");
    // What is half typed has a loss too: in the end it is that of the whole sentence.
    let json = analyze("The cat sat on the mat.");
    let mean = json["loss"]["mean"].as_f64().expect("a mean");
    pty.wait_until(&format!("loss {mean:.3}"), |screen| shown_loss(screen).is_some_and(|l| (l - mean).abs() < 0.001));
    // Every token's loss stands in its row of the table.
    for token in json["tokens"].as_array().expect("tokens").iter().skip(1) {
        let label = token["text"].as_str().expect("text").replace(' ', "␣");
        let nll = format!("{:.3}", token["nll"].as_f64().expect("nll"));
        let is_row = |line: &str| line.contains(&format!("→ {label}")) && line.contains(&nll);
        pty.wait_until(&format!("{label} {nll}"), |screen| screen.lines().any(is_row));
    }

    // A chat from the list of samples.
    pty.press("o");
    pty.wait_for("turns.json");
    pty.press("turns\r");
    pty.wait_for("tiny-chat");
    pty.wait_for("chat");

    // Small, and out.
    pty.resize(80, 24);
    pty.wait_for("? help");
    pty.press("3");
    pty.wait_for("assistant");
    pty.press("q");
    pty.wait_for_exit();
    pty.assert_restored();
}

#[test]
fn every_way_out_restores_the_terminal() {
    for way in ["q", "\x03"] {
        let mut pty = Pty::start(&["--text", "Hello there."], &[], 80, 24);
        pty.wait_for("tiny-base");
        pty.press(way);
        pty.wait_for_exit();
        pty.assert_restored();
    }
    for signal in [Signal::Interrupt, Signal::Terminate, Signal::HangUp] {
        let mut pty = Pty::start(&["--text", "Hello there."], &[], 80, 24);
        pty.wait_for("tiny-base");
        pty.signal(signal);
        pty.wait_for_exit();
        pty.assert_restored();
    }
}

#[test]
fn a_stopped_program_gives_the_terminal_back_and_takes_it_again() {
    let mut pty = Pty::start(&["--text", "Hello there."], &[], 80, 24);
    pty.wait_for("ready");
    let screen = pty.screen();
    assert!(!pty.reads_lines());
    for round in 1..=2 {
        pty.signal(Signal::Suspend);
        pty.wait_until_stopped();
        pty.assert_restored();
        assert!(pty.reads_lines(), "raw mode is off");
        assert_eq!(pty.raw().matches("\x1b[?1049l").count(), round);
        assert!(!pty.screen().contains("ready"));
        pty.overwrite("$ fg");
        pty.signal(Signal::Continue);
        pty.wait_until("the whole screen", |now| now == screen);
        assert!(!pty.reads_lines());
        assert!(pty.raw().rsplit("\x1b[?1049l").next().is_some_and(|since| since.contains("\x1b[?1049h")));
    }
    // It works on, at whatever size the terminal has now.
    pty.signal(Signal::Suspend);
    pty.wait_until_stopped();
    pty.resize(120, 40);
    pty.signal(Signal::Continue);
    pty.wait_until("a larger screen", |now| now.lines().any(|line| line.chars().count() > 80));
    pty.press("2");
    pty.wait_for("causal");
    pty.press("q");
    assert!(pty.wait_for_exit().success());
    pty.assert_restored();
}

#[test]
fn a_program_that_was_stopped_unheard_draws_the_screen_anew() {
    let mut pty = Pty::start(&["--text", "Hello there."], &[], 80, 24);
    pty.wait_for("ready");
    let screen = pty.screen();
    pty.signal(Signal::Stop);
    pty.wait_until_stopped();
    pty.overwrite("$ fg");
    pty.signal(Signal::Continue);
    pty.wait_until("the whole screen", |now| now == screen);
    pty.press("q");
    pty.wait_for_exit();
    pty.assert_restored();
}

#[test]
fn a_program_told_to_quit_restores_the_terminal_and_dies_of_the_signal() {
    let mut pty = Pty::start(&["--text", "Hello there."], &[], 80, 24);
    pty.wait_for("ready");
    pty.signal(Signal::Quit);
    let status = pty.wait_for_exit();
    pty.assert_restored();
    assert!(status.signal().is_some_and(|signal| signal.starts_with("Quit")), "{status:?}");
}

#[test]
fn a_large_paste_is_scored_as_far_as_the_context_reaches() {
    let mut pty = Pty::start(&["--text", "x"], &[], 120, 40);
    pty.wait_for("ready");
    let text = "The cat sat on the mat. ".repeat(200_000 / 24);
    pty.press(&format!("\x1b[200~{text}\x1b[201~"));
    pty.wait_for("pasted");
    pty.wait_for("1,023 of 1,023 scored");
    pty.press("q");
    pty.wait_for_exit();
    pty.assert_restored();
}

#[test]
fn without_a_terminal_the_same_is_printed_plainly() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_lossglass"))
        .args(["--text", "The cat sat on the mat."])
        .output()
        .expect("the binary starts");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success() && printed.contains("loss"), "{printed}");
    assert!(!printed.contains('\x1b'), "no escape codes in a pipe");
}

#[test]
fn an_error_before_the_screen_leaves_no_escape_codes() {
    let mut pty = Pty::start(&["--model", "/no/such/model"], &[], 80, 24);
    pty.wait_for("/no/such/model");
    pty.wait_for_exit();
    assert!(!pty.raw().contains("\x1b[?1049h"), "the screen was never taken");
}

/// How many steps the weights on the screen have had.
fn step_of(screen: &str) -> usize {
    let header = screen.lines().next().unwrap_or_default();
    let step = header.split("· step ").nth(1).and_then(|rest| rest.split(' ').next());
    step.and_then(|step| step.parse().ok()).unwrap_or(0)
}

#[test]
fn a_model_learns_is_undone_and_is_itself_again() {
    let mut pty = Pty::start(&[], &[], 120, 40);
    pty.wait_for("ready");
    let base = loss(&mut pty);
    pty.press("4");
    pty.wait_for("Nothing is learned yet");

    // One step, and every view shows the new weights.
    pty.press(" ");
    pty.wait_until("step 1", |screen| step_of(screen) == 1);
    let after = loss(&mut pty);
    assert!(after < base, "{base} {after}");
    pty.press("1");
    pty.wait_for("Teacher forcing");
    assert_eq!(step_of(&pty.screen()), 1);

    // A run goes on while other views are looked at, until it is paused.
    pty.press("4r");
    pty.wait_until("a few steps", |screen| step_of(screen) >= 4);
    pty.press("3");
    pty.wait_for("completion");
    pty.press("r");
    pty.wait_for("paused");
    let paused = step_of(&pty.screen());
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(step_of(&pty.screen()), paused, "steps went on");

    // Back by one, then to the base weights: the very loss of before.
    pty.press("u");
    pty.wait_until("a step less", |screen| step_of(screen) == paused - 1);
    pty.press("X");
    pty.wait_until("base weights", |screen| step_of(screen) == 0 && shown_loss(screen) == Some(base));
    pty.press("q");
    pty.wait_for_exit();
    pty.assert_restored();
}

#[test]
fn quitting_in_the_middle_of_a_run_restores_the_terminal() {
    let mut pty = Pty::start(&[], &[], 80, 24);
    pty.wait_for("ready");
    pty.press("4r");
    pty.wait_until("steps", |screen| step_of(screen) >= 2);
    pty.resize(100, 30);
    pty.press("q");
    pty.wait_for_exit();
    pty.assert_restored();
}

/// `generate` on a terminal: the text as it comes, nothing else of it, and why it ended.
#[test]
fn generated_text_streams_to_a_terminal() {
    let chat = ["generate", "--chat", "sample_data/capital.json", "--temperature", "0"];
    let mut pty = Pty::start(&chat, &[], 100, 24);
    assert!(pty.wait_for_exit().success());
    let screen = pty.screen();
    assert!(
        screen.contains("The capital of France is Paris.\n(8 tokens, ended with the stop token <|im_end|>)"),
        "{screen}"
    );
    assert!(!screen.contains("−log p"), "{screen}");

    // Several come one after another, with their numbers.
    let several = ["generate", "--text", "The sea is", "--n", "2", "--max-tokens", "4", "--temperature", "0.5"];
    let mut pty = Pty::start(&several, &[], 100, 24);
    assert!(pty.wait_for_exit().success());
    let screen = pty.screen();
    let lines: Vec<&str> = screen.lines().collect();
    assert!(lines[0] == "1:" && lines[1].starts_with(" blue") && lines[3] == "2:", "{screen}");
    assert!(
        lines[2] == "(4 tokens, cut off by --max-tokens)" && lines[6].ends_with("of 2 begin with ␣blue"),
        "{screen}"
    );

    // Control characters of a model that writes anything have glyphs.
    let random = ["generate", "--model", "tests/fixtures/llama", "--text", "a", "--no-stop", "--max-tokens", "200"];
    let mut pty = Pty::start(&random, &[], 100, 24);
    assert!(pty.wait_for_exit().success());
    // The bar of the model's loading is wiped away, as everywhere.
    let raw = pty.raw().replace("\x1b[K", "");
    assert!(!raw.contains(|c: char| c.is_control() && c != '\n' && c != '\r'), "{raw:?}");
    assert!(pty.screen().contains("⟨"), "{}", pty.screen());
}
