"""Writes the pair of files in which data is embedded: an index and an archive.

The archive (`.json.gz`) is ordinary gzip: `zcat` prints every text. It consists of several gzip members, here
called blocks, so that one text can be read by decompressing only the block it is in.

The index (`.tsv`) has a line for every text, sorted by its first column without regard to case. Its last three
columns say where the text is: the offset of the block in the archive, the offset of the text in the decompressed
block, and the length of the text, all in bytes.
"""

import gzip
import io
import pathlib

BLOCK = 128 * 1024  # bytes of text; larger blocks compress better, smaller ones are read faster
HERE = pathlib.Path(__file__).parent


def blocks(texts):
    """Groups texts into blocks; a text is never divided."""
    block, size = [], 0
    for text in texts:
        if block and size + len(text) > BLOCK:
            yield block
            block, size = [], 0
        block.append(text)
        size += len(text)
    yield block


def compress(data):
    """One gzip member, the same on every run: without time and file name."""
    member = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=member, compresslevel=9, mtime=0) as out:
        out.write(data)
    return member.getvalue()


def write(folder, name, columns, entries):
    """Writes `folder`/`name`.tsv and `name`.json.gz from entries, which are pairs of a row and a text."""
    entries = sorted(entries, key=lambda entry: entry[0][0].lower())
    rows = iter([row for row, _ in entries])
    archive = bytearray()
    lines = ["\t".join([*columns, "block", "start", "length"])]
    for block in blocks([text.encode() for _, text in entries]):
        start = 0
        for text in block:
            lines.append("\t".join([*next(rows), str(len(archive)), str(start), str(len(text))]))
            start += len(text) + 1
        archive += compress(b"".join(text + b"\n" for text in block))
    (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n")
    (folder / f"{name}.json.gz").write_bytes(archive)
    print(f"{name}: {len(entries)} entries, {len(archive)} bytes compressed")
