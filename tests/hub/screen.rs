//! The list of models on a real screen: a download stopped and taken up, a model looked at and removed.

use super::command::model;
use super::download::{temporary, untouched};
use super::server::{Fault, Reply, TestHub};
use crate::terminal::Pty;

#[test]
fn a_model_comes_speaks_and_goes() {
    // The first time, the weights stop arriving.
    let slow: Fault = Box::new(|_, earlier, reply| match earlier {
        0 => Reply { hang: Some(100_000), ..reply },
        _ => reply,
    });
    let (home, server) = (temporary(), TestHub::with_faults(&model(), untouched(), slow));
    let home = home.path().to_str().expect("a plain path");
    let variables = [("HF_HOME", home), ("HF_ENDPOINT", &server.hub.endpoint), ("HF_HUB_OFFLINE", "")];
    let mut pty = Pty::start(&[], &variables, 120, 40);
    pty.wait_for("tiny-chat");
    pty.wait_for("ready");

    pty.press("m");
    pty.wait_for("pythia-70m");
    pty.press("owner/tiny\r");
    pty.wait_until("a share of the weights", |screen| {
        screen.contains("downloading tiny") && !screen.contains("tiny 0 %") && screen.contains("% of ")
    });
    pty.press("\x1b");
    pty.wait_for("the model before it stays");

    pty.press("mowner/tiny\r");
    pty.wait_until("the new model in the header", |screen| screen.lines().next().unwrap_or("").contains(" tiny · "));
    let resumed = |request: &super::server::Request| request.headers.contains_key("range");
    assert!(server.cdn.requests().iter().any(resumed), "the part was not taken up");

    pty.press("m");
    pty.wait_for("in the Hub's cache");
    pty.press("owner/tiny\t");
    pty.wait_for("to train with LoRA");
    pty.press("\x1b\x15tiny-chat\r");
    pty.wait_until("the embedded model", |screen| screen.lines().next().unwrap_or("").contains("tiny-chat"));
    pty.press("m");
    pty.wait_for("in the Hub's cache");
    pty.press("owner/tiny\x04");
    pty.wait_for("ctrl-d again removes owner/tiny");
    pty.press("\x04");
    pty.wait_for("are free again");
    assert!(!std::path::Path::new(home).join("hub/models--owner--tiny").exists());
    pty.press("\x03");
    pty.wait_for_exit();
}
