#!/usr/bin/env python3
"""Makes assets/sample/fashion-mnist.gz from Debian's package dataset-fashion-mnist.

The first 600 training and 100 test pictures of each class, in the order of the original files, so that classes stay mixed.
Content before gzip: 6,000 training pictures and 1,000 test pictures of 28x28 bytes, then 6,000 and 1,000 labels of one byte.

    sudo apt-get install dataset-fashion-mnist
    python3 scripts/make_sample.py [FOLDER]
"""

import gzip
import pathlib
import sys

SOURCE = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/datasets/fashion-mnist")
TARGET = pathlib.Path(__file__).parent.parent / "assets" / "sample" / "fashion-mnist.gz"
AREA = 28 * 28


def pick(part, per_class):
    """The first `per_class` pictures of each class of a part: their bytes and their labels."""
    images = gzip.open(SOURCE / f"{part}-images-idx3-ubyte.gz").read()[16:]
    labels = gzip.open(SOURCE / f"{part}-labels-idx1-ubyte.gz").read()[8:]
    taken = [0] * 10
    pixels, chosen = bytearray(), bytearray()
    for index, label in enumerate(labels):
        if taken[label] < per_class:
            taken[label] += 1
            pixels += images[index * AREA : (index + 1) * AREA]
            chosen.append(label)
    assert taken == [per_class] * 10, taken
    return pixels, chosen


train, train_labels = pick("train", 600)
test, test_labels = pick("t10k", 100)
TARGET.write_bytes(gzip.compress(bytes(train + test + train_labels + test_labels), 9, mtime=0))
print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")
