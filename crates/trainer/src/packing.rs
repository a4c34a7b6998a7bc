//! Which examples make up a row of a batch: one, or with packing as many as fit into the sequence length.
//!
//! Packing is best-fit decreasing (as TRL's `packing_strategy="bfd"`), over the training examples once, so that the number of steps is
//! known beforehand; epochs shuffle the rows. Each example keeps its own positions from 0 and sees nothing of its neighbours: the engine
//! computes every sequence by itself, at its own length, packed or not. Losses are therefore the same; packing only makes steps of even
//! size, and fewer of them.

use std::collections::BTreeMap;

/// One row for each example.
pub(crate) fn single(examples: &[usize]) -> Vec<Vec<usize>> {
    examples.iter().map(|example| vec![*example]).collect()
}

/// Rows of at most `capacity` tokens. No example is longer than that.
pub(crate) fn pack(examples: &[usize], length: impl Fn(usize) -> usize, capacity: usize) -> Vec<Vec<usize>> {
    let mut longest_first = examples.to_vec();
    longest_first.sort_by_key(|&example| (std::cmp::Reverse(length(example)), example));
    let mut rows: Vec<Vec<usize>> = Vec::new();
    // Rows by the room that is left in them; of equal ones the first is taken.
    let mut room: BTreeMap<(usize, usize), ()> = BTreeMap::new();
    for example in longest_first {
        let needed = length(example);
        let fitting = room.range((needed, 0)..).next().map(|(key, ())| *key);
        let (left, row) = match fitting {
            Some(key) => {
                room.remove(&key);
                rows[key.1].push(example);
                (key.0 - needed, key.1)
            }
            None => {
                rows.push(vec![example]);
                (capacity.saturating_sub(needed), rows.len() - 1)
            }
        };
        room.insert((left, row), ());
    }
    rows.iter_mut().for_each(|row| row.sort_unstable());
    rows.sort_unstable();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_in_one_row_and_no_row_is_too_long() {
        let lengths: Vec<usize> = (0..500usize).map(|i| 1 + (i * 7919) % 97).collect();
        let examples: Vec<usize> = (0..500).collect();
        let rows = pack(&examples, |e| lengths[e], 100);
        let mut seen: Vec<usize> = rows.concat();
        seen.sort_unstable();
        assert_eq!(seen, examples);
        let tokens = |row: &Vec<usize>| row.iter().map(|e| lengths[*e]).sum::<usize>();
        assert!(rows.iter().all(|row| tokens(row) <= 100));
        let least = lengths.iter().sum::<usize>().div_ceil(100);
        assert!(rows.len() <= least + least / 20, "{} rows where {least} would do", rows.len());
        assert_eq!(rows, pack(&examples, |e| lengths[e], 100));
    }

    #[test]
    fn without_packing_each_example_is_a_row() {
        assert_eq!(single(&[3, 5]), [[3], [5]]);
        assert_eq!(pack(&[3, 5], |_| 64, 64), [[3], [5]]);
    }
}
