//! Where things are in a document.

use std::fmt;

/// A place in a text: line and column, both counted from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
}

impl Position {
    /// The very beginning of a text.
    pub const START: Self = Self { line: 1, column: 1 };

    /// The place of a byte offset in `text`; an offset past the end is the end.
    pub fn of(text: &str, offset: usize) -> Self {
        Locator::new(text).locate(offset)
    }

    /// The byte offset of this place in `text`; a place that the text does not have is its end.
    pub fn offset_in(self, text: &str) -> usize {
        let mut position = Self::START;
        for (at, character) in text.char_indices() {
            if position == self {
                return at;
            }
            position = match character {
                '\n' => Self { line: position.line + 1, column: 1 },
                _ => Self { column: position.column + 1, ..position },
            };
        }
        text.len()
    }

    /// This place, given in a text that itself begins at `start` of a larger one.
    #[must_use]
    pub fn within(self, start: Self) -> Self {
        let column = if self.line == 1 { self.column + start.column - 1 } else { self.column };
        Self { line: self.line + start.line - 1, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Finds the places of rising offsets in one pass over the text, so that many places cost no more than one.
pub struct Locator<'a> {
    text: &'a str,
    offset: usize,
    position: Position,
}

impl<'a> Locator<'a> {
    /// For a whole text, whose first place is line 1, column 1.
    pub fn new(text: &'a str) -> Self {
        Self::starting(text, Position::START)
    }

    /// For a text that itself begins at `start` of a larger one.
    pub fn starting(text: &'a str, start: Position) -> Self {
        Self { text, offset: 0, position: start }
    }

    /// The place of `offset`, which must not lie before the one asked last.
    pub fn locate(&mut self, offset: usize) -> Position {
        for (at, character) in self.text.get(self.offset..).unwrap_or_default().char_indices() {
            if self.offset + at >= offset {
                self.offset += at;
                return self.position;
            }
            if character == '\n' {
                self.position = Position { line: self.position.line + 1, column: 1 };
            } else {
                self.position.column += 1;
            }
        }
        self.offset = self.text.len();
        self.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let text = "aé\nb";
        let at = |offset| (Position::of(text, offset).line, Position::of(text, offset).column);
        assert_eq!([at(0), at(1), at(3), at(4), at(99)], [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]);
    }

    #[test]
    fn a_place_is_found_again() {
        let text = "aé\n\nb";
        for offset in [0, 1, 3, 4, 5, 6] {
            assert_eq!(Position::of(text, offset).offset_in(text), offset);
        }
        assert_eq!(Position { line: 7, column: 1 }.offset_in(text), text.len());
    }

    #[test]
    fn a_locator_goes_forward() {
        let mut locator = Locator::new("ab\ncd");
        let places = [0, 1, 3, 4].map(|offset| locator.locate(offset));
        assert_eq!(places, [0, 1, 3, 4].map(|offset| Position::of("ab\ncd", offset)));
    }

    #[test]
    fn a_place_in_an_embedded_text_is_moved_by_its_start() {
        let start = Position { line: 3, column: 5 };
        assert_eq!(Position { line: 1, column: 2 }.within(start), Position { line: 3, column: 6 });
        assert_eq!(Position { line: 2, column: 2 }.within(start), Position { line: 4, column: 2 });
    }
}
