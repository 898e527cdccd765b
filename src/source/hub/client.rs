//! HTTP for the Hub: redirects, a token that only the Hub itself gets to see, and waits that can be cancelled.

mod redirect;

use std::io::Read;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, StatusCode, header};

use super::error::from_server;
use super::{HubError, Settings};
use crate::cancel::Cancel;

/// Bytes read at a time.
const BLOCK: usize = 256 << 10;
/// How often a wait looks whether it is cancelled.
const GLANCE: Duration = Duration::from_millis(50);
const MOST_REDIRECTS: usize = 10;
/// Bytes of an answer that is read as a whole.
const MOST_TEXT: usize = 32 << 20;

/// Why a request came to nothing.
#[derive(Debug)]
pub(super) enum Fault {
    /// Worth another try, after so long if the server said so.
    Passing {
        error: HubError,
        wait: Option<Duration>,
    },
    Final(HubError),
}

impl From<HubError> for Fault {
    fn from(error: HubError) -> Self {
        Self::Final(error)
    }
}

/// Which request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    /// What a file is, without its bytes.
    Head,
}

/// Asks the Hub. A request runs on a thread of its own, so that a cancel is heard while the server is silent.
pub(super) struct Client {
    agent: Agent,
    pub settings: Settings,
}

/// The head of an answer; the body follows piece by piece.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pieces: Receiver<Piece>,
}

enum Piece {
    Head(StatusCode, HeaderMap),
    Bytes(Vec<u8>),
    End,
    Failed(String),
}

impl Client {
    pub fn new(settings: Settings) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("lossglass/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(settings.patience))
            .timeout_recv_response(Some(settings.patience))
            .timeout_per_read(Some(settings.patience))
            .build();
        Self { agent: config.into(), settings }
    }

    /// The answer at the end of all redirects. `on_redirect` gets the headers of each and says whether they are enough;
    /// then the redirect is the answer.
    pub fn ask(
        &self,
        method: Method,
        url: &str,
        from: u64,
        cancel: &Cancel,
        mut on_redirect: impl FnMut(&HeaderMap) -> bool,
    ) -> Result<Answer, Fault> {
        let mut url = url.to_owned();
        for _ in 0..MOST_REDIRECTS {
            let answer = self.ask_once(method, &url, from, cancel)?;
            if !is_redirect(answer.status) || on_redirect(&answer.headers) {
                return Ok(answer);
            }
            let location = answer.headers.get(header::LOCATION).and_then(|place| place.to_str().ok());
            let next = location.and_then(|location| redirect::resolve(&url, location));
            url = next.ok_or_else(|| self.nonsense("a redirect that leads nowhere"))?;
        }
        Err(self.nonsense("too many redirects").into())
    }

    fn ask_once(&self, method: Method, url: &str, from: u64, cancel: &Cancel) -> Result<Answer, Fault> {
        let mut request = match method {
            Method::Get => self.agent.get(url),
            Method::Head => self.agent.head(url),
        };
        request = request.header(header::ACCEPT_ENCODING, "identity");
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        // Where files really are is another host's business; it gets no token.
        if let Some(token) = &self.settings.token
            && redirect::is_same_origin(url, &self.settings.endpoint)
        {
            request = request.header(header::AUTHORIZATION, token.header());
        }
        let (sender, pieces) = mpsc::sync_channel(4);
        let work = move || serve(request, &sender);
        let thread = std::thread::Builder::new().name("hub".into()).spawn(work);
        thread.map_err(|reason| self.unreachable(reason.to_string()))?;
        match self.next(&pieces, cancel)? {
            Piece::Head(status, headers) => Ok(Answer { status, headers, pieces }),
            _ => Err(self.unreachable("it gave no answer".into())),
        }
    }

    /// The next bytes of the body; `None` at its end.
    pub fn bytes(&self, answer: &Answer, cancel: &Cancel) -> Result<Option<Vec<u8>>, Fault> {
        match self.next(&answer.pieces, cancel)? {
            Piece::Bytes(bytes) => Ok(Some(bytes)),
            _ => Ok(None),
        }
    }

    /// The body as a whole.
    pub fn text(&self, answer: &Answer, cancel: &Cancel) -> Result<Vec<u8>, Fault> {
        let mut text = Vec::new();
        while let Some(bytes) = self.bytes(answer, cancel)? {
            text.extend(bytes);
            if text.len() > MOST_TEXT {
                return Err(self.nonsense("it is far too long").into());
            }
        }
        Ok(text)
    }

    fn next(&self, pieces: &Receiver<Piece>, cancel: &Cancel) -> Result<Piece, Fault> {
        loop {
            if cancel.is_cancelled() {
                return Err(HubError::Cancelled.into());
            }
            match pieces.recv_timeout(GLANCE) {
                Ok(Piece::Failed(reason)) => return Err(self.unreachable(reason)),
                Ok(piece) => return Ok(piece),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.unreachable("the connection broke".into())),
            }
        }
    }

    fn unreachable(&self, reason: String) -> Fault {
        let error = HubError::Unreachable { endpoint: self.settings.endpoint.clone(), reason: from_server(&reason) };
        Fault::Passing { error, wait: None }
    }

    pub fn nonsense(&self, reason: &str) -> HubError {
        HubError::Answer { endpoint: self.settings.endpoint.clone(), reason: from_server(reason) }
    }
}

/// Sends the request and hands on what comes, until nobody listens.
fn serve(request: ureq::RequestBuilder<ureq::typestate::WithoutBody>, pieces: &SyncSender<Piece>) {
    let outcome = request.call().map_err(|error| error.to_string()).and_then(|response| {
        let (head, body) = response.into_parts();
        if pieces.send(Piece::Head(head.status, head.headers)).is_err() {
            return Ok(());
        }
        let mut body = body.into_reader();
        loop {
            let mut block = vec![0; BLOCK];
            let length = body.read(&mut block).map_err(|error| error.to_string())?;
            block.truncate(length);
            if length == 0 || pieces.send(Piece::Bytes(block)).is_err() {
                return Ok(());
            }
        }
    });
    // Who was cancelled does not listen.
    let _ = pieces.send(outcome.map_or_else(Piece::Failed, |()| Piece::End));
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The text of a header.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Waits, unless it is cancelled.
pub(super) fn wait(time: Duration, cancel: &Cancel) -> Result<(), HubError> {
    let end = std::time::Instant::now() + time;
    loop {
        if cancel.is_cancelled() {
            return Err(HubError::Cancelled);
        }
        let left = end.saturating_duration_since(std::time::Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(GLANCE));
    }
}
