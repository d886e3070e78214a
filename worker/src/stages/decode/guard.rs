//! Panics of the libraries that decode: a damaged packet costs itself, and not the sound before it.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs code of a library. `None` if it panics; its state is then undefined, and has to be reset or dropped.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        // A message for each damaged packet would fill the pipe of a decoder, which is read only at its end.
        panic::set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                before(panic);
            }
        }));
    });
    let outside = IS_GUARDED.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(outside);
    outcome.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_none_and_the_next_call_works() {
        assert_eq!(guarded(|| [1, 2].iter().sum()), Some(3));
        assert_eq!(guarded(|| -> i32 { panic!("damaged") }), None);
        assert_eq!(guarded(|| 4), Some(4));
        assert!(!IS_GUARDED.get());
    }
}
