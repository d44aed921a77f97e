//! Texts whose parts are where they are in another text, so that a position in the one is the position in the other.

use iam_policy::Position;

/// A text in the making.
pub(super) struct Layout {
    text: String,
    end: Position,
}

impl Layout {
    pub(super) fn new() -> Self {
        Self { text: String::new(), end: Position::START }
    }

    pub(super) fn push(&mut self, part: &str) {
        self.text.push_str(part);
        self.end = Position::of(part, part.len()).within(self.end);
    }

    /// Goes to a place with white space, or as near to it as the text already there allows.
    pub(super) fn go_to(&mut self, place: Position) {
        if let Some(lines) = place.line.checked_sub(self.end.line).filter(|lines| *lines > 0) {
            self.text.extend(std::iter::repeat_n('\n', lines as usize));
            self.end = Position { line: place.line, column: 1 };
        }
        if self.end.line == place.line {
            let columns = place.column.saturating_sub(self.end.column);
            self.text.extend(std::iter::repeat_n(' ', columns as usize));
            self.end.column += columns;
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_where_they_are_wanted() {
        let mut layout = Layout::new();
        let place = |line, column| Position { line, column };
        layout.push("{é");
        layout.go_to(place(1, 5));
        layout.push("a\nbc");
        layout.go_to(place(2, 4));
        layout.push("d");
        layout.go_to(place(4, 2));
        layout.push("e");
        layout.go_to(place(3, 1));
        layout.push("f");
        assert_eq!(layout.finish(), "{é  a\nbc d\n\n ef");
    }
}
