//! Many independent pieces of work, in a chosen number of threads.
//!
//! Each piece is done by one thread from beginning to end, so that the number of threads changes no result. A
//! failure in one piece does not reach the others.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Builder;

use crossbeam_channel::bounded;

/// A piece of work ended in a bug of the program; the text is the panic's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked(pub String);

/// Runs `work` on every one of `items` in `jobs` threads, each with a state of its own from `begin`. Calls
/// `done` with the item's index and result in the order of completion. After a panic, the thread gets a new
/// state. Fails if the system cannot start a thread.
pub fn in_parallel<I: Sync, S, T: Send>(
    items: &[I],
    jobs: usize,
    begin: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &I) -> T + Sync,
    mut done: impl FnMut(usize, Result<T, Panicked>),
) -> std::io::Result<()> {
    let next = AtomicUsize::new(0);
    let jobs = jobs.clamp(1, items.len().max(1));
    let (tx, rx) = bounded(jobs);
    std::thread::scope(|scope| {
        for job in 0..jobs {
            let (tx, next, begin, work) = (tx.clone(), &next, &begin, &work);
            let body = move || {
                let mut state = begin();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    let result = catch_unwind(AssertUnwindSafe(|| work(&mut state, item)));
                    let result = result.map_err(|panic| {
                        state = begin();
                        Panicked(text_of(panic.as_ref()))
                    });
                    if tx.send((index, result)).is_err() {
                        return;
                    }
                }
            };
            Builder::new().name(format!("fleeting-batch-{job}")).spawn_scoped(scope, body)?;
        }
        drop(tx);
        rx.iter().for_each(|(index, result)| done(index, result));
        Ok(())
    })
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no word was left".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squares(jobs: usize) -> Vec<Option<u64>> {
        let items: Vec<u64> = (0..50).collect();
        let mut results = vec![None; items.len()];
        let work = |_: &mut (), item: &u64| item * item;
        in_parallel(
            &items,
            jobs,
            || (),
            work,
            |index, result| {
                assert!(results[index].is_none(), "each once");
                results[index] = result.ok();
            },
        )
        .expect("threads");
        results
    }

    #[test]
    fn every_item_is_done_once_for_any_number_of_threads() {
        for jobs in [0, 1, 2, 7, 100] {
            let all = squares(jobs);
            assert!(all.iter().enumerate().all(|(i, square)| *square == Some((i * i) as u64)));
        }
    }

    #[test]
    fn a_panic_stops_its_own_item_only_and_its_state_is_not_used_again() {
        let mut bad = Vec::new();
        let mut seen = Vec::new();
        let work = |state: &mut bool, item: &u32| {
            assert!(!*state, "a broken state came back");
            *state = *item == 2;
            assert!(*item != 2, "two is broken");
            *item
        };
        in_parallel(
            &[1u32, 2, 3, 4],
            1,
            || false,
            work,
            |index, result| match result {
                Ok(item) => seen.push(item),
                Err(Panicked(text)) => bad.push((index, text)),
            },
        )
        .expect("threads");
        assert_eq!(seen, [1, 3, 4]);
        assert!(bad.len() == 1 && bad[0].0 == 1 && bad[0].1.contains("two is broken"), "{bad:?}");
    }

    #[test]
    fn nothing_to_do_is_done_at_once() {
        let none: [u32; 0] = [];
        in_parallel(&none, 4, || (), |(), item| *item, |_, _| panic!("there is no item"))
            .expect("threads");
    }
}
