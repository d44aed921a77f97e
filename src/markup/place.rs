//! Where things are in a text.

use std::fmt;

/// A line and a column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Place {
    /// A place by numbers that begin at 1.
    pub(super) fn new(line: usize, column: usize) -> Self {
        let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Self { line: number(line), column: number(column) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A value with its place.
#[derive(Clone, Debug, Default)]
pub struct Placed<T> {
    /// Where it is.
    pub place: Place,
    /// The value.
    pub value: T,
}

impl<T> Placed<T> {
    /// A value at a place.
    pub fn new(place: Place, value: T) -> Self {
        Self { place, value }
    }
}

impl<T> std::ops::Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// How many bytes are counted at most to find a place.
const STRIDE: usize = 4096;

/// Finds the places of offsets in a text, whatever its lines are like.
pub(super) struct Places<'t> {
    text: &'t str,
    /// A place at about every [`STRIDE`] bytes, with its offset.
    known: Vec<(usize, Place)>,
}

impl<'t> Places<'t> {
    pub fn new(text: &'t str) -> Self {
        let mut known = vec![(0, Place::new(1, 1))];
        let mut here = Place::new(1, 1);
        let mut next = STRIDE;
        for (offset, character) in text.char_indices() {
            if offset >= next {
                known.push((offset, here));
                next = offset + STRIDE;
            }
            here = after(here, character);
        }
        Self { text, known }
    }

    /// The place of a byte.
    pub fn of(&self, offset: usize) -> Place {
        let index = self.known.partition_point(|(known, _)| *known <= offset).saturating_sub(1);
        let (start, place) = self.known.get(index).copied().unwrap_or((0, Place::new(1, 1)));
        self.text.get(start..offset).unwrap_or_default().chars().fold(place, after)
    }
}

fn after(place: Place, character: char) -> Place {
    match character {
        '\n' => Place { line: place.line.saturating_add(1), column: 1 },
        _ => Place { column: place.column.saturating_add(1), ..place },
    }
}
