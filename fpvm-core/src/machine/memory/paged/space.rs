//! Address space for pages.

use memmap2::{MmapMut, MmapOptions};
use std::io;

/// Reserves address space for pages, backed only as they are written; halves the wish up to
/// `retries` times where the system refuses.
pub(super) fn reserve_address_space(wish: u64, retries: u32) -> io::Result<(MmapMut, u64)> {
    let mut len = wish;
    for _ in 0..retries {
        if let Ok(map) = MmapOptions::new()
            .len(len as usize)
            .no_reserve_swap()
            .map_anon()
        {
            return Ok((map, len));
        }
        len /= 2;
    }
    let map = MmapOptions::new()
        .len(len as usize)
        .no_reserve_swap()
        .map_anon()?;
    Ok((map, len))
}
