//! Texts compressed together, of which one is read without decompressing the others.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

/// A gzip file of several members, the blocks. A block holds several texts.
pub struct Archive(&'static [u8]);

/// Where a text is: the offset of its block in the archive, its own in the decompressed block, and its length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    block: usize,
    start: u64,
    length: usize,
}

impl Place {
    /// The place in the last three columns of an index.
    pub fn parse<'a>(columns: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        Some(Self {
            block: columns.next()?.parse().ok()?,
            start: columns.next()?.parse().ok()?,
            length: columns.next()?.parse().ok()?,
        })
    }
}

impl Archive {
    /// The archive in these bytes.
    pub const fn new(bytes: &'static [u8]) -> Self {
        Self(bytes)
    }

    /// The text at `place`. Decompresses its block as far as the end of the text.
    ///
    /// # Panics
    /// If there is no text at `place`: index and archive are part of one program.
    #[expect(clippy::expect_used, reason = "index and archive are part of the program, and tests read every text")]
    pub fn read(&self, place: Place) -> String {
        self.try_read(place).expect("the index points into the archive")
    }

    fn try_read(&self, place: Place) -> io::Result<String> {
        let mut block = GzDecoder::new(self.0.get(place.block..).unwrap_or_default());
        io::copy(&mut block.by_ref().take(place.start), &mut io::sink())?;
        let mut text = String::with_capacity(place.length);
        block.take(place.length as u64).read_to_string(&mut text)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn member(texts: &str) -> Vec<u8> {
        let mut member = GzEncoder::new(Vec::new(), Compression::best());
        member.write_all(texts.as_bytes()).unwrap();
        member.finish().unwrap()
    }

    #[test]
    fn reads_any_text_of_any_block() {
        let (one, two) = (member("first\nsecond\n"), member("third\n"));
        let archive = Archive([one.clone(), two].concat().leak());
        let read = |block, start, length| archive.read(Place { block, start, length });
        assert_eq!(read(0, 0, 5), "first");
        assert_eq!(read(0, 6, 6), "second");
        assert_eq!(read(one.len(), 0, 5), "third");
    }

    #[test]
    fn a_place_outside_the_archive_is_an_error() {
        let archive = Archive(member("first\n").leak());
        assert!(archive.try_read(Place { block: 1, start: 0, length: 5 }).is_err());
        assert!(archive.try_read(Place { block: 1000, start: 0, length: 5 }).is_err());
    }

    #[test]
    fn a_place_needs_three_numbers() {
        let parse = |columns: &str| Place::parse(&mut columns.split('\t'));
        assert_eq!(parse("7\t8\t9"), Some(Place { block: 7, start: 8, length: 9 }));
        for columns in ["", "7\t8", "7\t8\tx", "-7\t8\t9"] {
            assert_eq!(parse(columns), None, "{columns:?}");
        }
    }
}
