//! A Chromium without a window, spoken to over two pipes: the DevTools protocol, one JSON object after another with a
//! zero byte between. <https://chromedevtools.github.io/devtools-protocol/>

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The names under which distributions have it.
const NAMES: [&str; 5] = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome"];
/// How long an answer may take; generous, for machines that do much else.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Browser {
    child: Child,
    to: File,
    from: Receiver<Value>,
    number: u64,
    session: String,
    /// What happened that nobody asked for.
    pub events: Vec<Value>,
    _home: TempDir,
}

impl Browser {
    /// Starts one with an empty page in a window of that size; `None` where there is none on this machine.
    pub fn start(width: u32, height: u32) -> Option<Self> {
        let paths = std::env::var_os("PATH")?;
        let in_path =
            |name: &&str| std::env::split_paths(&paths).map(|path| path.join(name)).find(|path| path.is_file());
        let program = NAMES.iter().find_map(in_path)?;
        let home = tempfile::tempdir().expect("a directory");
        let pipes = ["to", "from"].map(|name| home.path().join(name));
        let made = Command::new("mkfifo").args(&pipes).status().expect("mkfifo is there");
        assert!(made.success());
        // The browser reads its commands from descriptor 3 and answers on 4.
        let child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<\"$TO\" 4>\"$FROM\""])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe"])
            .args(["--no-first-run", "--disable-background-networking", "--hide-scrollbars"])
            .arg(format!("--user-data-dir={}", home.path().join("profile").display()))
            .env("TO", &pipes[0])
            .env("FROM", &pipes[1])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh is there");
        // Each end waits for the other one.
        let to = File::options().write(true).open(&pipes[0]).expect("a pipe");
        let from = File::open(&pipes[1]).expect("a pipe");
        let mut browser =
            Self { child, to, from: objects(from), number: 0, session: String::new(), events: Vec::new(), _home: home };
        let target = browser.ask("Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let session = browser.ask("Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        browser.session = session["sessionId"].as_str().expect("a session").into();
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        browser.resize(width, height);
        Some(browser)
    }

    /// What it answers to one command.
    pub fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let mut command = json!({"id": self.number, "method": method, "params": parameters});
        if !self.session.is_empty() {
            command["sessionId"] = self.session.as_str().into();
        }
        self.to.write_all(format!("{command}\0").as_bytes()).expect("it listens");
        loop {
            let said = self.from.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no answer to {method}"));
            if said["id"] == self.number {
                assert!(said["error"].is_null(), "{method}: {}", said["error"]);
                return said["result"].clone();
            }
            self.events.push(said);
        }
    }

    /// A window of that size; below 600 columns it is a phone's.
    pub fn resize(&mut self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.ask("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Opens a file and waits until it is there.
    pub fn open(&mut self, path: &Path) {
        self.events.clear();
        self.ask("Page.navigate", json!({"url": format!("file://{}", path.display())}));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.from.recv_timeout(PATIENCE).expect("the page loads");
            self.events.push(event);
        }
    }

    /// The value of an expression in the page.
    pub fn value(&mut self, expression: &str) -> Value {
        let answer = self.ask("Runtime.evaluate", json!({"expression": expression, "returnByValue": true}));
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// The text of the element of that id.
    pub fn text(&mut self, id: &str) -> String {
        let text = self.value(&format!("document.getElementById({id:?}).textContent"));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Presses a key by its name in the DOM.
    pub fn press(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            self.ask("Input.dispatchKeyEvent", json!({"type": kind, "key": key, "code": key}));
        }
    }

    /// What was asked of the network, beside the page itself, and everything that was complained of.
    pub fn complaints(&mut self) -> Vec<String> {
        self.value("0"); // whatever is on its way is here after that
        let of = |event: &Value| {
            let (method, said) = (event["method"].as_str()?, &event["params"]);
            match method {
                "Network.requestWillBeSent" if said["type"] != "Document" => Some(said["request"]["url"].to_string()),
                "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded" => Some(said.to_string()),
                _ => None,
            }
        };
        self.events.iter().filter_map(of).filter(|text| !text.starts_with("\"data:")).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The objects that come through the pipe, read on a thread of their own.
fn objects(mut pipe: File) -> Receiver<Value> {
    let (sender, objects) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut waiting, mut buffer) = (Vec::new(), [0; 65536]);
        while let Ok(n) = pipe.read(&mut buffer) {
            if n == 0 {
                return;
            }
            waiting.extend_from_slice(&buffer[..n]);
            while let Some(end) = waiting.iter().position(|&byte| byte == 0) {
                let object: Vec<u8> = waiting.drain(..=end).collect();
                let Ok(object) = serde_json::from_slice(&object[..end]) else { return };
                if sender.send(object).is_err() {
                    return;
                }
            }
        }
    });
    objects
}
