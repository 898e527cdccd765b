//! What is handed out from the screen: pages, pictures, sessions, recordings.

use std::path::Path;

use serde_json::Value;

use crate::browser::Browser;
use crate::terminal::{Pty, nonzero};

/// Types the name of a file into the line that ctrl-s opens, and enters it.
fn hand_out(pty: &mut Pty, file: &Path) {
    pty.press("\x13"); // ctrl-s
    pty.wait_for("Hand out");
    pty.press("\x15"); // ctrl-u
    pty.press(file.to_str().expect("UTF-8"));
    pty.press("\r");
}

/// The screen without the footer, which says how long something took.
fn settled(screen: &str) -> String {
    screen.rsplit_once('\n').map_or(screen, |(above, _)| above).to_owned()
}

#[test]
fn a_session_is_gone_on_with_in_another_process() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("sitting.json");
    let mut pty = Pty::start(&["--text", "The cat sat on the mat."], &[], 120, 40);
    pty.wait_for("ready");
    pty.press("4+ ");
    pty.wait_for("step 1 taken");
    pty.press(" ");
    pty.wait_for("step 2 taken");
    pty.wait_until("what it writes now", |screen| screen.contains("now"));
    hand_out(&mut pty, &file);
    pty.wait_for("written: ");
    // A file that is there is not lost by mistake.
    let size = std::fs::metadata(&file).expect("it is there").len();
    pty.press("h"); // what was said goes
    hand_out(&mut pty, &file);
    pty.wait_for("there already: enter again replaces it");
    assert_eq!(std::fs::metadata(&file).expect("it is there").len(), size);
    pty.press("\r");
    pty.wait_for("written: ");
    pty.press("h"); // what was said goes, here and there
    pty.wait_until("nothing said", |screen| !screen.contains("written: "));
    pty.take_until_silent(std::time::Duration::from_millis(300));
    let before = settled(&pty.screen());
    pty.press("q");
    pty.wait_for_exit();

    let file = file.to_str().expect("UTF-8");
    let mut again = Pty::start(&["--session", file], &[], 120, 40);
    again.wait_for("the session is back: 2 steps taken again, the same losses to the bit");
    again.press("hh");
    again.wait_until("the same screen", |screen| settled(screen) == before);
    // It goes on.
    again.press(" ");
    again.wait_for("step 3 taken");
    again.press("q");
    again.wait_for_exit();
    again.assert_restored();
}

#[test]
fn a_session_that_cannot_be_opened_says_why_in_one_sentence() {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| {
        let file = directory.path().join(name);
        std::fs::write(&file, text).expect("written");
        file
    };
    let good = directory.path().join("good.json");
    let mut pty = Pty::start(&["--text", "Hi.", "--model", "tests/fixtures/llama"], &[], 100, 30);
    pty.wait_for("ready");
    hand_out(&mut pty, &good);
    pty.wait_for("written: ");
    pty.press("q");
    pty.wait_for_exit();
    let text = std::fs::read_to_string(&good).expect("the session");
    assert!(text.contains("tests/fixtures/llama"));
    let cases = [
        (directory.path().join("none.json"), "none.json cannot be read"),
        (write("other.json", "{\"messages\": []}"), "other.json is no session of this program"),
        (write("cut.json", &text[..text.len() / 2]), "cut.json is no session of this program"),
        (
            write("new.json", &text.replace("\"lossglass_session\":1", "\"lossglass_session\":2")),
            "is a session of version 2",
        ),
        (
            write("gone.json", &text.replace("fixtures/llama", "fixtures/gone")),
            "the model of this session is gone: no such file or directory",
        ),
        (
            write("mask.json", &text.replace("\"policy\":{}", "\"policy\":{\"mask\":\"asistant\"}")),
            "mask.json is damaged: unknown mask",
        ),
    ];
    for (file, wanted) in cases {
        let mut pty = Pty::start(&["--session", file.to_str().expect("UTF-8")], &[], 200, 24);
        let code = pty.wait_for_exit();
        let said = pty.screen();
        assert!(!code.success() && said.contains(wanted) && said.trim().lines().count() == 1, "{wanted}:\n{said}");
        assert!(!pty.raw().contains("\x1b[?1049h"), "the screen was never taken");
    }
    let mut pty = Pty::start(&["--session", good.to_str().expect("UTF-8"), "--text", "x"], &[], 100, 24);
    assert!(!pty.wait_for_exit().success());
    assert!(pty.screen().contains("cannot be used with"), "{}", pty.screen());
}

#[test]
fn pages_and_pictures_are_of_what_is_on_screen() {
    let directory = tempfile::tempdir().expect("a directory");
    let (page, picture) = (directory.path().join("page.html"), directory.path().join("picture.svg"));
    let mut pty = Pty::start(&[], &[], 100, 30);
    pty.wait_for("ready");
    pty.press(" ");
    pty.wait_for("step 1 taken");
    hand_out(&mut pty, &page);
    pty.wait_for("written: ");
    let html = std::fs::read_to_string(&page).expect("the page");
    let (_, data) = html.split_once("<script type=\"application/json\" id=\"data\">").expect("data");
    let data: Value = serde_json::from_str(data.split_once("</script>").expect("an end").0).expect("JSON");
    let run = &data["page"]["run"];
    assert_eq!((run["steps"].as_u64(), run["frames"].as_array().map(Vec::len)), (Some(1), Some(2)));
    assert_eq!(run["frames"][1]["loss"], data["analysis"]["loss"]["mean"]);
    let loss = data["analysis"]["loss"]["mean"].as_f64().expect("a loss");
    assert!(pty.screen().contains(&format!("{loss:.3}")), "{loss}:\n{}", pty.screen());
    the_film_runs(&page, run);
    pty.press("3");
    pty.wait_for("completion");
    hand_out(&mut pty, &picture);
    pty.wait_for("written: ");
    let svg = std::fs::read_to_string(&picture).expect("the picture");
    assert!(svg.starts_with("<svg") && svg.contains("completion") && !svg.contains("Hand out"), "{svg}");
    // Nowhere to write.
    pty.press("h");
    hand_out(&mut pty, Path::new("/none/page.html"));
    pty.wait_for("cannot be written: there is no directory");
    pty.press("q");
    pty.wait_for_exit();
    pty.assert_restored();
}

/// The slider shows the loss of before the step and of after it.
fn the_film_runs(page: &Path, run: &Value) {
    let Some(mut browser) = Browser::start(390, 844) else {
        return eprintln!("skipped: there is no Chromium on this machine");
    };
    browser.open(page);
    assert!(browser.text("step-says").starts_with("after step 1 of 1"));
    for frame in [0, 1] {
        let slide = format!("step.value = {frame}; step.dispatchEvent(new Event('input'))");
        browser.value(&format!("{{ const step = document.getElementById('step'); {slide} }}"));
        let loss = run["frames"][frame]["loss"].as_f64().expect("a loss");
        assert_eq!(browser.text("figure-loss"), format!("{loss:.4} nats"));
        // The chosen token's own cost is that of the step, too.
        let nll = run["frames"][frame]["rows"][18][0].as_f64().expect("−log p");
        assert!(browser.text("sum").contains(&format!("−log p = {nll:.3} nats")), "{}", browser.text("sum"));
    }
    browser.press("ArrowRight");
    assert_eq!(browser.text("where"), "Token 19, counted from 0");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_recording_ends_on_the_last_screen() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("sitting.cast");
    let file = file.to_str().expect("UTF-8");
    let mut pty = Pty::start(&["--record", file], &[], 80, 24);
    pty.wait_for("ready");
    pty.press("3");
    pty.wait_for("completion");
    pty.resize(100, 30);
    pty.wait_until("a larger screen", |now| now.lines().any(|line| line.chars().count() > 80));
    pty.press("2");
    pty.wait_for("causal");
    pty.press("4");
    pty.wait_for("Nothing is learned yet");
    pty.take_until_silent(std::time::Duration::from_millis(300));
    let last = pty.screen();
    pty.press("q");
    pty.wait_for_exit();
    pty.assert_restored();

    let text = std::fs::read_to_string(file).expect("the recording");
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    let header = lines.next().expect("a header");
    assert_eq!((&header["version"], &header["width"], &header["height"]), (&2.into(), &80.into(), &24.into()));
    assert!(header["timestamp"].is_u64());
    let mut player = vt100::Parser::new(nonzero(24), nonzero(80), 0);
    let (mut time, mut resized) = (0.0, false);
    for event in lines {
        let [at, code, data] = [&event[0], &event[1], &event[2]];
        let at = at.as_f64().expect("seconds");
        assert!(at >= time, "time goes back: {at} after {time}");
        time = at;
        let data = data.as_str().expect("text");
        match code.as_str() {
            Some("o") => player.process(data.as_bytes()),
            Some("r") => {
                assert_eq!(data, "100x30");
                resized = true;
                player.screen_mut().set_size(nonzero(30), nonzero(100));
            }
            other => panic!("no event of asciicast 2 is {other:?}"),
        }
    }
    assert!(resized);
    assert_eq!(player.screen().contents(), last);

    // It takes the place of no other file.
    let mut pty = Pty::start(&["--record", file], &[], 100, 24);
    assert!(!pty.wait_for_exit().success());
    assert!(pty.screen().contains("is there already: give --record another name"), "{}", pty.screen());
    assert_eq!(std::fs::read_to_string(file).expect("the recording"), text);
}

#[test]
fn a_run_on_screen_is_logged() {
    let directory = tempfile::tempdir().expect("a directory");
    let logs = directory.path().to_str().expect("UTF-8");
    let mut pty = Pty::start(&["--log", "tensorboard", logs, "--log", "jsonl", logs], &[], 120, 40);
    pty.wait_for("ready");
    pty.press("4 ");
    pty.wait_for("step 1 taken");
    pty.press(" ");
    pty.wait_for("step 2 taken");
    pty.press("q");
    assert!(pty.wait_for_exit().success());
    let run = directory.path().join("run-1");
    let lines = std::fs::read_to_string(run.join("log.jsonl")).expect("a log");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.iter().map(|line| line["step"].as_u64()).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert!(lines[0]["train/loss"].as_f64() > lines[1]["train/loss"].as_f64(), "{lines:?}");
    let names = std::fs::read_dir(&run).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().contains("tfevents")).count(), 1);
}
