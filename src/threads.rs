//! Rayon's threads, kept awake while a pass runs on them.
//!
//! A pass is many parallel loops, most of them shorter than it takes to wake a thread that sleeps. Rayon's threads fall
//! asleep when they find nothing to do for some microseconds, those too that wait for the end of a loop: [`together`]
//! keeps the ones awake, [`for_each`] the others.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::Yield;

/// Looks for work without work before another thread of the machine may have the core.
const SPINS: usize = 64;

/// Runs `work` on one of rayon's threads, where its parallel loops begin at once, and keeps the others looking for a part
/// of them until it is done.
pub fn together<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    let is_done = AtomicBool::new(false);
    rayon::scope(|scope| {
        for _ in 1..rayon::current_num_threads() {
            scope.spawn(|_| help_until(&is_done));
        }
        let _done = SetOnDrop(&is_done);
        work()
    })
}

/// Sets it when the work is done, or has panicked.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

thread_local! {
    static HELPS: Cell<bool> = const { Cell::new(false) };
}

/// Takes parts of whatever runs until `is_done`. Work that is found may be another's wish for help: who helps already
/// does not wait for that one too.
fn help_until(is_done: &AtomicBool) {
    if HELPS.replace(true) {
        return;
    }
    wait(|| rayon::yield_now() == Some(Yield::Executed), || is_done.load(Ordering::Acquire));
    HELPS.set(false);
}

/// Waits awake until `is_over`, doing what there is to do.
fn wait(mut work: impl FnMut() -> bool, is_over: impl Fn() -> bool) {
    let mut spins = 0;
    while !is_over() {
        if work() {
            spins = 0;
        } else if spins < SPINS {
            spins += 1;
            std::hint::spin_loop();
        } else {
            spins = 0;
            std::thread::yield_now();
        }
    }
}

/// Runs `task` for every number below `count` on all threads, each of which takes the next that is left.
pub fn for_each(count: usize, task: impl Fn(usize) + Sync) {
    let threads = rayon::current_num_threads().min(count);
    if threads < 2 {
        return (0..count).for_each(task);
    }
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= count {
                break;
            }
            let _done = CountOnDrop(&done);
            task(i);
        }
    };
    rayon::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|_| work());
        }
        work();
        wait(|| false, || done.load(Ordering::Acquire) == count);
    });
}

/// Runs the tasks of several things together, of which each has so many: `task(which, i)`, on all threads if `parallel`.
pub fn for_each_of(counts: &[usize], parallel: bool, task: impl Fn(usize, usize) + Sync) {
    let task = |mut i: usize| {
        for (which, count) in counts.iter().enumerate() {
            match i.checked_sub(*count) {
                Some(rest) => i = rest,
                None => return task(which, i),
            }
        }
    };
    let count = counts.iter().sum();
    if parallel { for_each(count, task) } else { (0..count).for_each(task) }
}

/// Counts a task that is done, or has panicked.
struct CountOnDrop<'a>(&'a AtomicUsize);

impl Drop for CountOnDrop<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    fn passes_on_several_threads_end_with_what_they_computed() {
        let pass = |n: u64| together(|| (0..n).into_par_iter().map(|i| together(|| i * i)).sum::<u64>());
        let passes: Vec<_> = (1..8).map(|n| std::thread::spawn(move || (n, pass(100 * n)))).collect();
        for (n, sum) in passes.into_iter().map(|pass| pass.join().expect("a sum")) {
            assert_eq!(sum, (0..100 * n).map(|i| i * i).sum::<u64>());
        }
    }

    #[test]
    fn every_task_runs_once_and_a_panic_in_one_comes_out() {
        for count in [0, 1, 2, 3, 100] {
            let runs: Vec<_> = (0..count).map(|_| AtomicUsize::new(0)).collect();
            for_each(count, |i| {
                runs[i].fetch_add(1, Ordering::Relaxed);
            });
            assert!(runs.into_iter().all(|runs| runs.into_inner() == 1), "{count} tasks");
        }
        for broken in [0, 7, 49] {
            let panicked = std::panic::catch_unwind(|| for_each(50, |i| assert!(i != broken)));
            assert!(panicked.is_err(), "task {broken}");
        }
    }

    #[test]
    fn tasks_of_several_things_are_told_apart() {
        for parallel in [false, true] {
            let counts = [3, 0, 40, 1];
            let runs = counts.map(|count| (0..count).map(|_| AtomicUsize::new(0)).collect::<Vec<_>>());
            for_each_of(&counts, parallel, |which, i| {
                runs[which][i].fetch_add(1, Ordering::Relaxed);
            });
            assert!(runs.into_iter().flatten().all(|runs| runs.into_inner() == 1));
        }
    }

    #[test]
    fn a_panic_comes_out_and_the_next_pass_runs() {
        let panicked = std::panic::catch_unwind(|| together(|| panic!("in a pass")));
        assert!(panicked.is_err());
        assert_eq!(together(|| 7), 7);
    }
}
