//! `report`: the page, read as a browser shows it.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::browser::Browser;
use crate::support::{json, lossglass, stderr};

/// What a reader of the page's numbers may be off by, who sees so many decimals.
fn rounds_to(text: &str, value: &Value, decimals: usize) -> bool {
    let value = value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    text == format!("{value:.decimals$}")
}

fn report(input: &[&str], page: &Path) -> Output {
    let page = page.to_str().expect("UTF-8");
    lossglass(&[&["report"], input, &["--output", page]].concat())
}

/// The data of a page.
fn data(page: &Path) -> Value {
    let html = std::fs::read_to_string(page).expect("the page");
    let (_, rest) = html.split_once("<script type=\"application/json\" id=\"data\">").expect("data");
    serde_json::from_str(rest.split_once("</script>").expect("an end").0).expect("JSON")
}

fn skip() {
    eprintln!("skipped: there is no Chromium on this machine");
}

#[test]
fn a_page_has_the_figures_of_the_json() {
    let directory = tempfile::tempdir().expect("a directory");
    let page = directory.path().join("page.html");
    let input = ["--chat", "sample_data/capital.json", "--with", "attention=1.2", "--top-k", "5"];
    let written = report(&input, &page);
    assert!(written.status.success(), "{}", stderr(&written));
    assert!(written.stdout.is_empty() && stderr(&written).starts_with("written: "), "{}", stderr(&written));
    let analyzed = json(&lossglass(&[&["analyze"], &input[..], &["--format", "json"]].concat()));
    assert_eq!(data(&page)["analysis"], analyzed);
    let html = std::fs::read_to_string(&page).expect("the page");
    let outside = ["http:", "https:", "src=", "@import", "url("];
    let outside: Vec<&str> =
        outside.into_iter().filter(|mark| html.replace("http://www.w3.org/2000/svg", "").contains(mark)).collect();
    assert!(outside.is_empty(), "the page points outside: {outside:?}");
}

#[test]
fn a_browser_shows_them_on_a_desk_and_on_a_phone() {
    let directory = tempfile::tempdir().expect("a directory");
    let page = directory.path().join("page.html");
    let input = ["--chat", "sample_data/capital.json", "--with", "attention=1.2"];
    let written = report(&input, &page);
    assert!(written.status.success(), "{}", stderr(&written));
    let analysis = &data(&page)["analysis"];
    for (width, height) in [(1280, 900), (390, 844)] {
        let Some(mut browser) = Browser::start(width, height) else { return skip() };
        browser.open(&page);
        assert_eq!(browser.text("title"), "capital.json");
        for (id, key, decimals) in [("loss", "mean", 4), ("perplexity", "perplexity", 3), ("bits", "bits_per_byte", 4)]
        {
            let shown = browser.text(&format!("figure-{id}"));
            let figure = shown.split(' ').next().unwrap_or_default();
            assert!(
                rounds_to(figure, &analysis["loss"][key], decimals),
                "{id}: {shown} is not {}",
                analysis["loss"][key]
            );
        }
        // Every row of the table.
        let rows = browser.value("[...document.querySelectorAll('#table tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))");
        let (rows, tokens) = (rows.as_array().expect("rows"), analysis["tokens"].as_array().expect("tokens"));
        assert_eq!(rows.len(), tokens.len());
        for (row, token) in rows.iter().zip(tokens) {
            let cell = |at: usize| row[at].as_str().expect("text");
            match &token["nll"] {
                Value::Null => assert_eq!([cell(2), cell(4), cell(5)], ["–"; 3]),
                nll => {
                    assert!(rounds_to(cell(2), nll, 3), "{row} {nll}");
                    assert_eq!(cell(5).replace(',', ""), token["rank"].to_string());
                    assert!(rounds_to(cell(6), &token["entropy"], 3), "{row}");
                }
            }
            assert_eq!(cell(7) == "·", token["weight"] == 0.0, "{row}");
        }
        // The cursor moves, by keys and by the mouse, and stops at both ends.
        let first = browser.text("where");
        assert_eq!(first, "Token 18, counted from 0");
        browser.press("ArrowRight");
        assert_eq!(browser.text("where"), "Token 19, counted from 0");
        let nll = analysis["tokens"][19]["nll"].as_f64().expect("nll");
        assert!(browser.text("sum").contains(&format!("−log p = {nll:.3} nats")), "{}", browser.text("sum"));
        browser.press("ArrowLeft");
        browser.press("ArrowLeft");
        assert_eq!(browser.text("where"), "Token 17, counted from 0");
        browser.value("document.querySelector('#strip [data-t=\"9\"]').click()");
        assert_eq!(browser.text("where"), "Token 9, counted from 0");
        assert_eq!(browser.value("document.querySelectorAll('.strip .picked').length"), 1);
        browser.press("Home");
        assert!(browser.text("sum").contains("nothing predicts it"));
        browser.press("End");
        browser.press("ArrowRight");
        assert_eq!(browser.text("where"), "After all 27 tokens");
        // What it reads is what the attention says.
        browser.value("document.querySelector('#strip [data-t=\"23\"]').click()");
        let row = analysis["attention"]["weights"][22].as_array().expect("a row");
        let most =
            (0..row.len()).max_by(|&a, &b| row[a].as_f64().unwrap().total_cmp(&row[b].as_f64().unwrap())).unwrap();
        let looks = browser.value("document.querySelector('#looks .token').textContent");
        assert!(looks.as_str().expect("text").starts_with(&format!("{most} ")), "{looks}");
        // Nothing is wider than the window, nothing left the page, nothing was complained of.
        let wide = browser.value("document.documentElement.scrollWidth");
        assert!(wide.as_u64().expect("a width") <= u64::from(width), "{wide} columns of {width}");
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}

#[test]
fn what_a_chat_says_stays_text() {
    let evil = "</script><script>document.title = 'broken'</script><img src=x onerror=\"document.title='broken'\"><!--";
    let directory = tempfile::tempdir().expect("a directory");
    let (chat, page) = (directory.path().join("<title><b>.json"), directory.path().join("page.html"));
    let record =
        serde_json::json!({"messages": [{"role": "user", "content": evil}, {"role": "assistant", "content": evil}]});
    std::fs::write(&chat, record.to_string()).expect("written");
    let written = report(&["--chat", chat.to_str().expect("UTF-8")], &page);
    assert!(written.status.success(), "{}", stderr(&written));
    assert!(data(&page)["analysis"]["source"]["rendered"].as_str().expect("text").contains(evil));
    let Some(mut browser) = Browser::start(390, 844) else { return skip() };
    browser.open(&page);
    assert_eq!(browser.value("document.title"), "<title><b>.json · tiny-chat · Lossglass");
    assert_eq!(browser.value("document.querySelectorAll('img, b ~ script, main script, #strip script').length"), 0);
    let shown =
        browser.value("document.getElementById('strip').innerText.replaceAll('␣', ' ').replaceAll('\\u200b', '')");
    assert!(shown.as_str().expect("text").contains("onerror=\"document.title='broken'\">"), "{shown}");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_file_that_is_there_stays_unless_it_is_to_be_replaced() {
    let directory = tempfile::tempdir().expect("a directory");
    let page = directory.path().join("page.html");
    std::fs::write(&page, "mine").expect("written");
    let input = ["--text", "Hello there."];
    let refused = report(&input, &page);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("page.html is there already: give --force to replace it, or another name"));
    assert_eq!(std::fs::read_to_string(&page).expect("read"), "mine");
    let forced = report(&["--text", "Hello there.", "--force"], &page);
    assert!(forced.status.success(), "{}", stderr(&forced));
    assert_eq!(data(&page)["analysis"]["source"]["rendered"], "Hello there.");
    let nowhere = report(&input, &directory.path().join("none/page.html"));
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(stderr(&nowhere).contains("cannot be written: there is no directory"), "{}", stderr(&nowhere));
}
