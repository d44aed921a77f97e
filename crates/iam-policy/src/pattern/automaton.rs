//! The glob as a nondeterministic automaton, all states in the bits of a few words (Baeza-Yates and Gonnet's Shift-And,
//! with self-loops for `*`): one step per byte of the text, 64 states at a time.
//!
//! State `i` means that the first `i` atoms are consumed. It works on the bytes of UTF-8: `?` takes a character's first
//! byte, and the state behind it stays for the continuation bytes.

use smallvec::SmallVec;

/// A part of a pattern whose variables are resolved.
#[derive(Clone, Copy, Debug)]
pub(super) enum Atom<'t> {
    Text(&'t str),
    /// One character; confined: not a colon.
    AnyOne {
        confined: bool,
    },
    /// Any run of characters; confined: without a colon.
    AnyRun {
        confined: bool,
    },
}

const BITS: usize = 64;

/// Patterns of up to 255 bytes stay on the stack.
type Words = SmallVec<[u64; 4]>;
type Masks = SmallVec<[u64; 4 * 256]>;

/// Sets of states, and for each byte the states that consume it.
struct Automaton {
    words: usize,
    consumes: Masks,
    /// States that stay, whatever comes.
    free: Words,
    /// States that stay on anything but a colon.
    confined: Words,
    /// States behind a `?`, which stay while its character goes on.
    within: Words,
}

/// Whether the atoms match the whole text.
pub(super) fn matches<'t>(atoms: impl Iterator<Item = Atom<'t>> + Clone, text: &str) -> bool {
    let states = 1 + atoms.clone().map(Atom::width).sum::<usize>();
    // Each state but the first takes a byte at least.
    states - 1 <= text.len() && Automaton::new(atoms, states).accepts(text, states - 1)
}

impl Atom<'_> {
    fn width(self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::AnyOne { .. } => 1,
            Self::AnyRun { .. } => 0,
        }
    }
}

impl Automaton {
    fn new<'t>(atoms: impl Iterator<Item = Atom<'t>>, states: usize) -> Self {
        let words = states.div_ceil(BITS);
        let none = || Words::from_elem(0, words);
        let consumes = Masks::from_elem(0, words * 256);
        let mut this = Self { words, consumes, free: none(), confined: none(), within: none() };
        let mut state = 0;
        for atom in atoms {
            match atom {
                Atom::Text(text) => {
                    for byte in text.bytes() {
                        this.consume(byte, state);
                        state += 1;
                    }
                }
                Atom::AnyOne { confined } => {
                    let excluded = |byte| is_continuation(byte) || (confined && byte == b':');
                    (0..=u8::MAX).filter(|byte| !excluded(*byte)).for_each(|byte| this.consume(byte, state));
                    state += 1;
                    insert(&mut this.within, state);
                }
                Atom::AnyRun { confined: false } => insert(&mut this.free, state),
                Atom::AnyRun { confined: true } => insert(&mut this.confined, state),
            }
        }
        this
    }

    fn consume(&mut self, byte: u8, state: usize) {
        let row = usize::from(byte) * self.words;
        insert(self.consumes.get_mut(row..).unwrap_or_default(), state);
    }

    fn accepts(&self, text: &str, last: usize) -> bool {
        let mut current = Words::from_elem(0, self.words);
        insert(&mut current, 0);
        for byte in text.bytes() {
            self.step(&mut current, byte);
        }
        current.get(last / BITS).is_some_and(|word| word >> (last % BITS) & 1 == 1)
    }

    fn step(&self, current: &mut Words, byte: u8) {
        let row = usize::from(byte) * self.words;
        let consumes = self.consumes.get(row..).unwrap_or_default();
        let stays = [(&self.free, true), (&self.confined, byte != b':'), (&self.within, is_continuation(byte))];
        let mut carry = 0;
        for (index, (word, consumes)) in current.iter_mut().zip(consumes).enumerate() {
            let stay = stays.iter().filter(|(_, on)| *on).filter_map(|(set, _)| set.get(index));
            let stay = stay.fold(0, |all, set| all | set);
            let moved = *word & consumes;
            *word = (moved << 1) | carry | (*word & stay);
            carry = moved >> (BITS - 1);
        }
    }
}

fn insert(set: &mut [u64], state: usize) {
    if let Some(word) = set.get_mut(state / BITS) {
        *word |= 1 << (state % BITS);
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}
