#!/usr/bin/env python3
"""Makes the guest's pre-images of a block that kona's executor has recorded.

    record.py FOLDER PREIMAGES

FOLDER is an unpacked `block-NUMBER.tar.gz` of kona's test data: `fixture.json`, the block, and `kv`, a RocksDB database of
everything that its execution reads. That database was never compacted, so all of it is in its write-ahead log, which is
read here: blocks of 32 KiB with records in fragments, each record a batch of keys and values. PREIMAGES is the folder that
`fpvm run --preimages` takes.
"""

import json
import pathlib
import struct
import sys

BLOCK = 32 * 1024
HEADER = struct.Struct("<IHB")
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
# Kinds from 5 on are those of recycled logs, whose headers have the log's number too.
RECYCLED = 4
# A batch begins with its number and its count of entries.
BATCH = 12
PUT = 1


def records(log):
    """The records of a write-ahead log, put together."""
    record, at = b"", 0
    while at + HEADER.size <= len(log):
        left = BLOCK - at % BLOCK
        if left < HEADER.size:
            at += left
            continue
        _, length, kind = HEADER.unpack_from(log, at)
        if kind == 0:
            at += left
            continue
        start = at + HEADER.size + (4 if kind > RECYCLED else 0)
        if kind > RECYCLED:
            kind -= RECYCLED
        record += log[start : start + length]
        at = start + length
        if kind in (FULL, LAST):
            yield record
            record = b""


def varint(data, at):
    """A number of 7 bits a byte, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def entries(batch):
    """The keys and values that a batch puts."""
    at = BATCH
    while at < len(batch):
        if batch[at] != PUT:
            sys.exit(f"the log has an entry of kind {batch[at]}, which is no put")
        at += 1
        length, at = varint(batch, at)
        key, at = batch[at : at + length], at + length
        length, at = varint(batch, at)
        value, at = batch[at : at + length], at + length
        yield key, value


def main(folder, preimages):
    folder, preimages = pathlib.Path(folder), pathlib.Path(preimages)
    preimages.mkdir(parents=True, exist_ok=True)
    count = 0
    for log in sorted((folder / "kv").glob("[0-9]*.log")):
        for batch in records(log.read_bytes()):
            for key, value in entries(batch):
                (preimages / f"02{key.hex()[2:]}").write_bytes(value)
                count += 1
    block = json.loads((folder / "fixture.json").read_text())
    # Newer recordings leave out an address that nothing asks for any more.
    block["rollup_config"].setdefault("protocol_versions_address", "0x" + "00" * 20)
    (preimages / f"01{1:062x}").write_text(json.dumps(block))
    print(f"{count} pre-images and the block are in {preimages}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
