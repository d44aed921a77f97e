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
    /// States that stay on any input.
    free: States,
    /// States that stay on anything but a colon.
    confined: States,
    /// States behind a `?`, which stay while its character goes on.
    within: States,
}

/// Whether atoms that are compared only once match the whole text.
pub(super) fn matches<'t>(atoms: impl Iterator<Item = Atom<'t>> + Clone, text: &str) -> bool {
    atoms.clone().map(Atom::width).sum::<usize>() <= text.len() && Automaton::new(atoms).accepts(text)
}

impl Atom<'_> {
    pub(super) fn width(self) -> usize {
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
                        let row = self.bytes.binary_search(&byte).unwrap_or_default() * self.any.len();
                        insert(self.named.get_mut(row..).unwrap_or_default(), state);
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

    /// Whether it matches the whole text.
    pub(super) fn accepts(&self, text: &str) -> bool {
        // Each state but the first takes a byte at least.
        if self.last > text.len() {
            return false;
        }
        let rows = self.rows();
        if self.any.len() > 1 {
            return self.accepts_in_words(text, &rows);
        }
        let mut state = 1;
        for byte in text.bytes() {
            let (consumes, stays) = self.moves(&rows, byte, 0);
            state = ((state & consumes) << 1) | (state & stays);
            if state == 0 {
                return false;
            }
        }
        state >> self.last & 1 == 1
    }

    fn accepts_in_words(&self, text: &str, rows: &[u8; 256]) -> bool {
        let mut current = States::from_elem(0, self.any.len());
        insert(&mut current, 0);
        for byte in text.bytes() {
            let (mut carry, mut left) = (0, 0);
            for (index, state) in current.iter_mut().enumerate() {
                let (consumes, stays) = self.moves(rows, byte, index);
                let moved = *state & consumes;
                *state = (moved << 1) | carry | (*state & stays);
                carry = moved >> (BITS - 1);
                left |= *state;
            }
            if left == 0 {
                return false;
            }
        }
        current.get(self.last / BITS).is_some_and(|word| word >> (self.last % BITS) & 1 == 1)
    }

    /// For each byte its row among the named ones, from 1; UTF-8 has fewer bytes than a row's number can count.
    fn rows(&self) -> [u8; 256] {
        let mut rows = [0; 256];
        for (row, byte) in (1..=u8::MAX).zip(&self.bytes) {
            if let Some(entry) = rows.get_mut(usize::from(*byte)) {
                *entry = row;
            }
        }
        rows
    }

    /// The states of a word that consume a byte, and those that stay.
    #[inline]
    fn moves(&self, rows: &[u8; 256], byte: u8, index: usize) -> (u64, u64) {
        let word = |set: &[u64]| set.get(index).copied().unwrap_or_default();
        let row = rows.get(usize::from(byte)).copied().unwrap_or_default();
        let named = usize::from(row).checked_sub(1).and_then(|row| self.named.get(row * self.any.len() + index));
        let unlike_colon = if byte == b':' { 0 } else { u64::MAX };
        let [starts, inside] = if is_continuation(byte) { [0, u64::MAX] } else { [u64::MAX, 0] };
        let any = (word(&self.any) | (word(&self.any_confined) & unlike_colon)) & starts;
        let stays = word(&self.free) | (word(&self.confined) & unlike_colon) | (word(&self.within) & inside);
        (named.copied().unwrap_or_default() | any, stays)
    }
}

/// How many words hold the states of a pattern that has so many bytes.
pub(super) fn words(bytes: usize) -> usize {
    (bytes + 1).div_ceil(BITS)
}

fn insert(set: &mut [u64], state: usize) {
    if let Some(word) = set.get_mut(state / BITS) {
        *word |= 1 << (state % BITS);
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}
