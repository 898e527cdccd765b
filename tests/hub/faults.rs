//! Refusals and failures: one clear sentence each, and no more tries than make sense.

use lossglass::source::hub::{Address, Hub, HubError, Settings, Token};

use super::download::{address, files, get, settings, temporary, untouched};
use super::server::{Fault, REPOSITORY, Reply, TestHub};

/// Every request for a path with that end is answered so.
fn always(end: &'static str, reply: Reply) -> Fault {
    Box::new(move |request, _, usual| if request.path.ends_with(end) { reply.clone() } else { usual })
}

fn refused(on_hub: Fault) -> (String, TestHub) {
    let (cache, server) = (temporary(), TestHub::with_faults(&files(), on_hub, untouched()));
    let error = get(cache.path(), &server, REPOSITORY).expect_err("a refusal");
    (error.to_string().replace(&server.hub.endpoint, "HUB"), server)
}

#[test]
fn a_gated_repository_says_where_to_ask() {
    let gated = Reply::new(403).header("X-Error-Code", "GatedRepo").header("X-Error-Message", "ask first");
    let (error, _) = refused(always("model.safetensors", gated));
    assert_eq!(
        error,
        "owner/tiny is gated: accept its terms at HUB/owner/tiny with your account, then set HF_TOKEN or run `hf auth login`"
    );
}

#[test]
fn a_token_is_asked_for_or_refused() {
    let (error, _) = refused(always("revision/main", Reply::new(401)));
    assert_eq!(error, "HUB wants to know who asks for owner/tiny: set HF_TOKEN or run `hf auth login`");
    let server = TestHub::with_faults(&files(), always("revision/main", Reply::new(401)), untouched());
    let cache = temporary();
    let settings = Settings { token: Token::new("hf_old"), ..settings(cache.path(), &server) };
    let error = Hub::new(settings).get(&address(REPOSITORY), &Default::default(), &mut |_| {}).expect_err("refused");
    assert!(matches!(error, HubError::BadToken { .. }), "{error}");
}

#[test]
fn a_forbidden_repository_shows_the_reason() {
    let reason = "Access is disabled";
    let (error, _) = refused(always("tokenizer.json", Reply::new(403).header("X-Error-Message", reason)));
    assert_eq!(error, "HUB does not let you read owner/tiny: Access is disabled");
}

#[test]
fn names_that_a_server_gives_are_shown_without_escape_codes() {
    let server = TestHub::new(&[("\u{1b}]0;owned\u{7}.gguf", vec![])]);
    let error = get(temporary().path(), &server, REPOSITORY).expect_err("no model").to_string();
    assert!(error.contains("owned") && !error.contains(char::is_control), "{error:?}");
    let sha = Reply::new(200).body(r#"{"sha": "\u001b[31m", "siblings": []}"#);
    let (error, _) = refused(always("revision/main", sha));
    assert!(error.contains("[31m") && !error.contains(char::is_control), "{error:?}");
}

#[test]
fn what_is_not_there_is_named() {
    let (cache, server) = (temporary(), TestHub::new(&files()));
    let error = |what: &str| get(cache.path(), &server, what).expect_err(what).to_string();
    assert_eq!(
        error("owner/other").replace(&server.hub.endpoint, "HUB"),
        "HUB has no repository owner/other, or it is private: check the name, or set HF_TOKEN to a token that may read it"
    );
    assert_eq!(error("owner/tiny@v9"), "owner/tiny has no revision `v9`: give a branch, a tag or a commit that it has");
    assert_eq!(error("owner/tiny/x.gguf"), "owner/tiny at revision main has no x.gguf");
    // The list has it, the server does not.
    let (error, _) = refused(always("config.json", Reply::new(404).header("X-Error-Code", "EntryNotFound")));
    assert_eq!(error, "owner/tiny at revision main has no config.json");
    assert!(!cache.path().join("models--owner--other").exists());
}

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    let once: Fault =
        Box::new(|request, earlier, usual| match request.path.ends_with("revision/main") && earlier == 0 {
            true => Reply::new(429).header("Retry-After", "0"),
            false => usual,
        });
    let (cache, server) = (temporary(), TestHub::with_faults(&files(), once, untouched()));
    get(cache.path(), &server, REPOSITORY).expect("the second time");
    assert_eq!(server.hub.count("GET", "revision/main"), 2);
}

#[test]
fn a_server_that_stays_busy_is_left_alone() {
    let (error, server) = refused(always("revision/main", Reply::new(429).header("Retry-After", "0")));
    assert!(error.starts_with("HUB has had too many requests and asks to wait 0 s"), "{error}");
    assert_eq!(server.hub.count("GET", "revision/main"), 5);
    let (error, server) = refused(always("revision/main", Reply::new(429).header("Retry-After", "3600")));
    assert!(error.contains("asks to wait 3600 s"), "{error}");
    assert_eq!(server.hub.count("GET", "revision/main"), 1, "nobody waits an hour");
}

#[test]
fn a_failing_server_is_asked_a_few_times() {
    let (error, server) = refused(always("config.json", Reply::new(503)));
    assert_eq!(error, "HUB failed with status 503 each time it was asked; try again later");
    assert_eq!(server.hub.count("HEAD", "/config.json"), 5);
    let twice: Fault = Box::new(|request, earlier, usual| match request.method == "GET" && earlier < 2 {
        true => Reply::new(500),
        false => usual,
    });
    let (cache, server) = (temporary(), TestHub::with_faults(&files(), untouched(), twice));
    get(cache.path(), &server, REPOSITORY).expect("the third time");
}

#[test]
fn a_server_that_only_cuts_is_given_up() {
    let cut: Fault = Box::new(|_, _, reply| Reply { cut: Some(0), ..reply });
    let (cache, server) = (temporary(), TestHub::with_faults(&files(), untouched(), cut));
    let error = get(cache.path(), &server, REPOSITORY).expect_err("no byte arrives").to_string();
    assert!(error.starts_with(&format!("cannot reach {}", server.hub.endpoint)), "{error}");
    assert_eq!(server.cdn.count("GET", "signed=1"), 5);
}

#[test]
fn a_server_that_is_not_there() {
    let cache = temporary();
    let mut settings = Settings::new(cache.path(), "http://127.0.0.1:9"); // the port of `discard`
    settings.pause = std::time::Duration::from_millis(1);
    let error = Hub::new(settings).get(&address(REPOSITORY), &Default::default(), &mut |_| {}).expect_err("nobody");
    assert!(error.to_string().starts_with("owner/tiny: cannot reach http://127.0.0.1:9 ("), "{error}");
}

#[test]
fn answers_that_make_no_sense() {
    for (end, reply, reason) in [
        ("revision/main", Reply::new(200).body("<html>"), "no description of owner/tiny"),
        ("revision/main", Reply::new(200).body(r#"{"sha": "../x", "siblings": []}"#), "`../x` is no commit"),
        ("revision/main", Reply::new(302).header("Location", "file:///etc/passwd"), "a redirect that leads nowhere"),
        ("revision/main", Reply::new(302).header("Location", "main"), "too many redirects"),
        ("config.json", Reply::new(200).header("ETag", "../../evil"), "config.json has no etag"),
        ("config.json", Reply::new(418).header("X-Error-Message", "teapot"), "status 418: teapot"),
    ] {
        let (error, _) = refused(always(end, reply));
        assert!(error.starts_with(&format!("HUB gave an answer that makes no sense: {reason}")), "{error}");
    }
}

#[test]
fn a_name_that_is_no_address_is_never_asked_for() {
    for text in ["../owner/tiny", "owner/tiny@../../x", "owner/tiny/..", "owner//tiny"] {
        assert_eq!(Address::parse(text), None, "{text}");
    }
}
