//! The film: what the model said of one sequence, step by step, within bounds of memory.

use std::sync::Arc;

use crate::app::ROW_TOP_K;
use crate::loss::{Candidate, Row, Scores};

/// Bytes that a film takes at most, about.
const MOST_BYTES: usize = 256 << 20;
/// What a row takes with its candidates, about.
const ROW_BYTES: usize = size_of::<Row>() + ROW_TOP_K * size_of::<Candidate>();

/// What the model said of the sequence on screen after each step: rows are steps, columns tokens.
#[derive(Clone, Debug)]
pub struct Film {
    /// By step, ascending; with long sequences and runs only every so many steps are kept.
    pub frames: Vec<Frame>,
    /// Steps from frame to frame; the first and the newest are there whatever it is.
    pub stride: usize,
}

/// One row of the film.
#[derive(Clone, Debug)]
pub struct Frame {
    pub step: usize,
    pub scores: Arc<Scores>,
    /// What the second copy of a twin run said.
    pub twin: Option<Arc<Scores>>,
}

impl Default for Film {
    fn default() -> Self {
        Self { frames: Vec::new(), stride: 1 }
    }
}

impl Film {
    /// The step it begins at.
    pub fn first_step(&self) -> Option<usize> {
        self.frames.first().map(|frame| frame.step)
    }

    /// Index of the frame of that step, or of the latest before it.
    pub fn at_step(&self, step: usize) -> Option<usize> {
        self.frames.partition_point(|frame| frame.step <= step).checked_sub(1)
    }

    /// Frames spread evenly over the run, both ends among them: as many as have at most about `rows` rows together, all if
    /// they do.
    pub fn spread(&self, rows: usize) -> Vec<&Frame> {
        let tokens = self.frames.first().map_or(1, |frame| frame.scores.len().max(1));
        let apart = self.frames.len().div_ceil((rows / tokens).max(2)).max(1);
        let last = self.frames.len().saturating_sub(1);
        let is_one = |&(i, _): &(usize, &Frame)| i.is_multiple_of(apart) || i == last;
        self.frames.iter().enumerate().filter(is_one).map(|(_, frame)| frame).collect()
    }

    /// What came after that step did not happen.
    pub(in crate::app) fn forget_after(&mut self, step: usize) {
        self.frames.retain(|frame| frame.step <= step);
    }

    /// Takes in what the model says now; frames of this step and of later ones are of a past that was gone back on.
    pub(in crate::app) fn add(&mut self, frame: Frame) {
        self.add_within(frame, MOST_BYTES / ROW_BYTES);
    }

    /// Takes in what earlier weights say of the sequence.
    pub(in crate::app) fn insert(&mut self, frame: Frame) {
        self.frames.retain(|old| old.step != frame.step);
        self.frames.insert(self.frames.partition_point(|old| old.step < frame.step), frame);
        self.thin(MOST_BYTES / ROW_BYTES);
    }

    fn add_within(&mut self, frame: Frame, most_rows: usize) {
        self.frames.truncate(self.frames.partition_point(|old| old.step < frame.step));
        let first = self.first_step().unwrap_or(frame.step);
        // The newest so far was kept only because it was the newest.
        self.frames.pop_if(|last| !(last.step - first).is_multiple_of(self.stride));
        self.frames.push(frame);
        self.thin(most_rows);
    }

    /// Keeps every second of the frames until they fit.
    fn thin(&mut self, most_rows: usize) {
        let first = self.first_step().unwrap_or(0);
        while self.frames.len() > 2 && self.rows() > most_rows {
            self.stride *= 2;
            let newest = self.frames.len() - 1;
            let mut i = 0..;
            self.frames.retain(|frame| i.next() == Some(newest) || (frame.step - first).is_multiple_of(self.stride));
        }
    }

    fn rows(&self) -> usize {
        self.frames.iter().map(|frame| frame.scores.len() + frame.twin.as_ref().map_or(0, |twin| twin.len())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(step: usize) -> Frame {
        let row = Row { entropy: 0.0, top: Vec::new(), target: None };
        Frame { step, scores: Arc::new(Scores::new(vec![row; 10])), twin: None }
    }

    fn steps(film: &Film) -> Vec<usize> {
        film.frames.iter().map(|frame| frame.step).collect()
    }

    #[test]
    fn memory_is_bounded_and_the_ends_are_kept() {
        let mut film = Film::default();
        for step in 3..1000 {
            film.add_within(frame(step), 60);
            assert!(film.rows() <= 60, "{:?}", steps(&film));
            assert_eq!((film.first_step(), steps(&film).last()), (Some(3), Some(&step)));
        }
        assert_eq!((steps(&film), film.stride), (vec![3, 259, 515, 771, 999], 256));
    }

    #[test]
    fn a_sequence_too_long_for_the_bound_still_has_both_ends() {
        let mut film = Film::default();
        (0..50).for_each(|step| film.add_within(frame(step), 1));
        assert_eq!(steps(&film), [0, 49]);
    }

    #[test]
    fn a_few_frames_are_spread_over_all_of_it() {
        let mut film = Film::default();
        (0..9).for_each(|step| film.add(frame(step)));
        let spread = |rows| film.spread(rows).iter().map(|frame| frame.step).collect::<Vec<_>>();
        assert_eq!(spread(90), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!((spread(30), spread(0)), (vec![0, 3, 6, 8], vec![0, 5, 8]));
        assert!(Film::default().spread(10).is_empty());
    }

    #[test]
    fn what_was_gone_back_on_is_no_part_of_it() {
        let mut film = Film::default();
        (0..6).for_each(|step| film.add(frame(step)));
        film.add(frame(2));
        assert_eq!(steps(&film), [0, 1, 2]);
        assert_eq!((film.at_step(1), film.at_step(9)), (Some(1), Some(2)));
        film.add(frame(0));
        assert_eq!((steps(&film), film.at_step(0)), (vec![0], Some(0)));
    }
}
