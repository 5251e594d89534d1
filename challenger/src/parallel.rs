//! Does the same with several things at once.

use std::sync::{Mutex, PoisonError};

/// Does the same with each of some things, so many at once; the results are in the order of the things. One that is slow
/// holds up only the end.
pub fn each<T, I, R>(threads: usize, things: I, work: impl Fn(T) -> R + Sync) -> Vec<R>
where
    I: IntoIterator<Item = T, IntoIter: ExactSizeIterator + Send>,
    R: Send,
{
    let things = things.into_iter();
    let spawned = 1..threads.min(things.len());
    let (left, done) = (Mutex::new(things.enumerate()), Mutex::new(Vec::new()));
    let run = || {
        loop {
            let next = left.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((number, thing)) = next else { return };
            let result = work(thing);
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((number, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in spawned {
            scope.spawn(run);
        }
        run();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn results_are_in_order_by_however_many() {
        for threads in [0, 1, 3, 100] {
            let doubled = each(threads, 0..50, |number: u32| {
                std::thread::yield_now();
                2 * number
            });
            assert!(doubled.into_iter().eq((0..100).step_by(2)), "{threads}");
        }
        assert!(each(4, Vec::<u8>::new(), |_| ()).is_empty());
    }
}
