//! Requests in the order they came, with a look at what is waiting.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvError};

/// Requests that are waiting: taken in order, with a look at what comes next.
pub(super) struct Inbox<T> {
    receiver: Receiver<T>,
    waiting: VecDeque<T>,
}

impl<T> Inbox<T> {
    pub fn new(receiver: Receiver<T>) -> Self {
        Self { receiver, waiting: VecDeque::new() }
    }

    /// The next request; waits for it if `wait`. An error once nobody can send any more.
    pub fn next(&mut self, wait: bool) -> Result<Option<T>, RecvError> {
        self.fetch();
        match self.waiting.pop_front() {
            Some(request) => Ok(Some(request)),
            None if wait => self.receiver.recv().map(Some),
            None => Ok(None),
        }
    }

    /// The next request, if one is waiting that `matches`.
    pub fn next_if(&mut self, matches: impl Fn(&T) -> bool) -> Option<T> {
        self.fetch();
        if self.waiting.front().is_some_and(matches) { self.waiting.pop_front() } else { None }
    }

    /// Puts a request behind all that are waiting.
    pub fn put_back(&mut self, request: T) {
        self.fetch();
        self.waiting.push_back(request);
    }

    /// Whether a request is waiting that `matches`.
    pub fn has(&mut self, matches: impl Fn(&T) -> bool) -> bool {
        self.fetch();
        self.waiting.iter().any(matches)
    }

    fn fetch(&mut self) {
        self.waiting.extend(std::iter::from_fn(|| self.receiver.try_recv().ok()));
    }
}
