//! Runs a function over all records on all cores and hands back the results in order. No more records are in memory than
//! are being worked on.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::cancel::Cancel;
use crate::data::{DataError, Raw};

/// Records that a thread takes at a time, and bytes of them: long records come in batches of few.
const BATCH: usize = 64;
const BYTES: usize = 1 << 20;
/// Batches under way for every thread.
const AHEAD: usize = 4;

/// Calls `work` with every record, on all cores, and `take` with what came of it, in the records' order and on this
/// thread. Ends early where `cancel` is set, which is polled between batches.
///
/// # Errors
/// The first one of the file or of `take`.
pub fn run<T: Send, E: From<DataError>>(
    records: impl Iterator<Item = Result<Raw, DataError>> + Send,
    cancel: &Cancel,
    work: impl Fn(Raw) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = rayon::current_num_threads();
    let limit = threads * AHEAD;
    // A batch under way has a ticket: where one takes long, those behind it do not pile up.
    let (give, tickets) = sync_channel::<()>(limit);
    (0..limit).for_each(|_| give.send(()).expect("the other end is here"));
    let (to_work, batches) = sync_channel::<(usize, Vec<Raw>)>(limit);
    let (done, results) = sync_channel::<(usize, Vec<T>)>(limit);
    let (batches, work) = (&Mutex::new(batches), &work);
    thread::scope(|scope| {
        let reader = scope.spawn(move || read(records, cancel, &tickets, &to_work));
        for _ in 0..threads {
            let done = done.clone();
            scope.spawn(move || {
                while let Some((number, batch)) = next(batches) {
                    if done.send((number, batch.into_iter().map(work).collect())).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        let (mut waiting, mut wanted) = (BTreeMap::new(), 0);
        for (number, batch) in &results {
            waiting.insert(number, batch);
            while let Some(batch) = waiting.remove(&wanted) {
                batch.into_iter().try_for_each(&mut take).inspect_err(|_| cancel.cancel())?;
                wanted += 1;
                let _ = give.send(()); // nobody waits once the file is read
            }
            if cancel.is_cancelled() {
                break;
            }
        }
        drop((results, give));
        match reader.join() {
            Ok(read) => Ok(read?),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn next(batches: &Mutex<Receiver<(usize, Vec<Raw>)>>) -> Option<(usize, Vec<Raw>)> {
    batches.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).recv().ok()
}

/// Reads batches as long as somebody takes them. What was read before an error is still worked on.
fn read(
    mut records: impl Iterator<Item = Result<Raw, DataError>>,
    cancel: &Cancel,
    tickets: &Receiver<()>,
    to_work: &SyncSender<(usize, Vec<Raw>)>,
) -> Result<(), DataError> {
    for number in 0.. {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < BATCH && bytes < BYTES {
            let Some(raw) = records.next().transpose()? else { break };
            bytes += raw.size();
            batch.push(raw);
        }
        if batch.is_empty()
            || cancel.is_cancelled()
            || tickets.recv().is_err()
            || to_work.send((number, batch)).is_err()
        {
            break;
        }
    }
    Ok(())
}
