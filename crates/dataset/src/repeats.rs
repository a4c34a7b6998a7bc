//! What occurs twice: examples, conversations, ids of pairs. Each set is bounded.

use crate::example::Split;
use crate::words::{BuildIdentity, hash_of};
use std::collections::{HashMap, HashSet};

/// Entries that each of the sets here can hold: as many as fit a table of 2^21 slots, about 36 MB.
pub(crate) const MOST: usize = 1_800_000;

/// Examples by the hash of their messages, with a note on the first.
#[derive(Default)]
pub(crate) struct Examples {
    first: HashMap<u64, u64, BuildIdentity>,
    capped: bool,
}

impl Examples {
    /// What was noted where the same messages came before.
    pub(crate) fn repeated(&mut self, hash: u64, note: u64) -> Option<u64> {
        if let Some(first) = self.first.get(&hash) {
            return Some(*first);
        }
        if self.first.len() < MOST {
            self.first.insert(hash, note);
        } else {
            self.capped = true;
        }
        None
    }

    pub(crate) fn capped(&self) -> bool {
        self.capped
    }
}

/// On which sides of the file's own split a conversation is. Nothing is kept until the file turns out to have one.
#[derive(Default)]
pub(crate) struct Sides {
    held_out: HashMap<u64, bool, BuildIdentity>,
}

impl Sides {
    /// Whether the conversation was on the other side before.
    pub(crate) fn crossed(&mut self, conversation: &str, split: Option<Split>) -> bool {
        if split.is_none() && self.held_out.is_empty() {
            return false;
        }
        // What has no side is trained on.
        let held_out = split == Some(Split::Validation);
        let hash = hash_of(conversation);
        match self.held_out.get(&hash) {
            Some(first) => *first != held_out,
            None => {
                if self.held_out.len() < MOST {
                    self.held_out.insert(hash, held_out);
                }
                false
            }
        }
    }
}

/// Conversations by the hash of their id, with the number of turns.
#[derive(Default)]
pub(crate) struct Conversations {
    turns: HashMap<u64, u64, BuildIdentity>,
    /// Beyond the bound a conversation is one as long as its records follow each other.
    beyond: u64,
    beyond_turns: u64,
    last_beyond: Option<(u64, u64)>,
}

impl Conversations {
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.turns.contains_key(&hash_of(id))
    }

    /// A record of the conversation that has `turns` turns up to its end.
    pub(crate) fn add(&mut self, id: &str, turns: u64) {
        let hash = hash_of(id);
        if let Some(known) = self.turns.get_mut(&hash) {
            *known = turns.max(*known);
        } else if self.turns.len() < MOST {
            self.turns.insert(hash, turns);
        } else {
            match &mut self.last_beyond {
                Some((last, known)) if *last == hash => {
                    self.beyond_turns += turns.saturating_sub(*known);
                    *known = turns.max(*known);
                }
                _ => {
                    self.beyond += 1;
                    self.beyond_turns += turns;
                    self.last_beyond = Some((hash, turns));
                }
            }
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.turns.len() as u64 + self.beyond
    }

    pub(crate) fn turns(&self) -> u64 {
        self.turns.values().sum::<u64>() + self.beyond_turns
    }
}

/// Ids of the pairs of the conversation that is being read: they are unique only within one.
#[derive(Default)]
pub(crate) struct PairIds {
    conversation: u64,
    seen: HashSet<u64, BuildIdentity>,
}

impl PairIds {
    pub(crate) fn repeated(&mut self, conversation: &str, id: &str) -> bool {
        let conversation = hash_of(conversation);
        if conversation != self.conversation {
            self.conversation = conversation;
            self.seen.clear();
        }
        self.seen.len() < MOST && !self.seen.insert(hash_of(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversations_keep_their_longest() {
        let mut all = Conversations::default();
        all.add("a", 2);
        all.add("b", 3);
        all.add("a", 4);
        all.add("a", 3);
        assert!(all.contains("a") && !all.contains("c"));
        assert_eq!((all.count(), all.turns()), (2, 7));
    }

    #[test]
    fn ids_may_recur_in_another_conversation() {
        let mut ids = PairIds::default();
        assert!(!ids.repeated("a", "1"));
        assert!(!ids.repeated("b", "1"));
        assert!(ids.repeated("b", "1"));
    }
}
