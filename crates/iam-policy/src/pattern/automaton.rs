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

/// A set of states. Patterns of up to 63 bytes need one word.
type States = SmallVec<[u64; 1]>;

/// A compiled glob.
#[derive(Clone, Debug)]
pub(super) struct Automaton {
    /// The state in which the whole pattern is consumed.
    last: usize,
    /// The bytes that the pattern names, in order.
    bytes: Box<[u8]>,
    /// For each of these bytes the states that consume it, one after the other.
    named: Box<[u64]>,
    /// States that consume any character.
    any: States,
    /// States that consume any character but a colon.
    any_confined: States,
    /// States that stay, whatever comes.
    free: States,
    /// States that stay on anything but a colon.
    confined: States,
    /// States behind a `?`, which stay while its character goes on.
    within: States,
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
    pub(super) fn new<'t>(atoms: impl Iterator<Item = Atom<'t>> + Clone) -> Self {
        let last = atoms.clone().map(Atom::width).sum();
        let texts = || atoms.clone().filter_map(|atom| if let Atom::Text(text) = atom { Some(text) } else { None });
        let mut bytes: Vec<u8> = texts().flat_map(str::bytes).collect();
        bytes.sort_unstable();
        bytes.dedup();
        let words = words(last);
        let none = || States::from_elem(0, words);
        let mut this = Self {
            last,
            named: vec![0; bytes.len() * words].into(),
            bytes: bytes.into(),
            any: none(),
            any_confined: none(),
            free: none(),
            confined: none(),
            within: none(),
        };
        this.fill(atoms);
        this
    }

    fn fill<'t>(&mut self, atoms: impl Iterator<Item = Atom<'t>>) {
        let mut state = 0;
        for atom in atoms {
            match atom {
                Atom::Text(text) => {
                    for byte in text.bytes() {
                        let row = self.row(byte);
                        insert(row.and_then(|row| self.named.get_mut(row)).unwrap_or_default(), state);
                        state += 1;
                    }
                }
                Atom::AnyOne { confined } => {
                    insert(if confined { &mut self.any_confined } else { &mut self.any }, state);
                    state += 1;
                    insert(&mut self.within, state);
                }
                Atom::AnyRun { confined: false } => insert(&mut self.free, state),
                Atom::AnyRun { confined: true } => insert(&mut self.confined, state),
            }
        }
    }

    /// Where the states are that consume a byte which the pattern names.
    fn row(&self, byte: u8) -> Option<std::ops::Range<usize>> {
        let index = memchr::memchr(byte, &self.bytes)?;
        let words = self.any.len();
        Some(index * words..(index + 1) * words)
    }

    /// Whether it matches the whole text.
    pub(super) fn accepts(&self, text: &str) -> bool {
        // Each state but the first takes a byte at least.
        if self.last > text.len() {
            return false;
        }
        let mut current = States::from_elem(0, self.any.len());
        insert(&mut current, 0);
        for byte in text.bytes() {
            if !self.step(&mut current, byte) {
                return false;
            }
        }
        current.get(self.last / BITS).is_some_and(|word| word >> (self.last % BITS) & 1 == 1)
    }

    /// Takes one byte. Tells whether any state is left.
    fn step(&self, current: &mut [u64], byte: u8) -> bool {
        let named = self.row(byte).and_then(|row| self.named.get(row)).unwrap_or_default();
        let starts = mask(!is_continuation(byte));
        let inside = mask(is_continuation(byte));
        let unlike_colon = mask(byte != b':');
        let word = |set: &[u64], index: usize| set.get(index).copied().unwrap_or_default();
        let (mut carry, mut left) = (0, 0);
        for (index, state) in current.iter_mut().enumerate() {
            let any = word(&self.any, index) | (word(&self.any_confined, index) & unlike_colon);
            let consumes = word(named, index) | (any & starts);
            let confined = word(&self.confined, index) & unlike_colon;
            let stays = word(&self.free, index) | confined | (word(&self.within, index) & inside);
            let moved = *state & consumes;
            *state = (moved << 1) | carry | (*state & stays);
            carry = moved >> (BITS - 1);
            left |= *state;
        }
        left != 0
    }
}

/// How many words hold the states of a pattern that has so many bytes.
pub(super) fn words(bytes: usize) -> usize {
    (bytes + 1).div_ceil(BITS)
}

fn mask(on: bool) -> u64 {
    if on { u64::MAX } else { 0 }
}

fn insert(set: &mut [u64], state: usize) {
    if let Some(word) = set.get_mut(state / BITS) {
        *word |= 1 << (state % BITS);
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}
