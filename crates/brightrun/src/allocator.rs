//! Where the program's memory comes from.

use std::ffi::{c_int, c_long};

/// A server under load takes less processor time with it than with the system's own, and a third of the memory (`make bench-api`). SQLite
/// takes its memory from it too: it asks for some for every value of a row.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc 3, which its bindings do not name.
const PURGE_DELAY: c_int = 15;
const MILLISECONDS: c_long = 10;

/// Gives freed memory back to the system at once, and not after a second: the buffers of a training's evaluation would come on top of those of
/// its steps. Makes nothing slower that was measured. Where the environment says otherwise (`MIMALLOC_PURGE_DELAY`), that holds.
#[expect(unsafe_code, reason = "the allocator has no other interface")]
pub fn give_back_soon() {
    if std::env::var_os("MIMALLOC_PURGE_DELAY").is_none() {
        // SAFETY: writes a number into the allocator's table of options, which is there from the start.
        unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, MILLISECONDS) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(unsafe_code, reason = "the allocator has no other interface")]
    fn the_option_is_the_one_that_is_meant() {
        // SAFETY: reads a number from the allocator's table of options.
        let milliseconds = || unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        assert_eq!(milliseconds(), 1000, "what mimalloc 3 begins with");
        give_back_soon();
        assert_eq!(milliseconds(), MILLISECONDS);
    }
}
