"""A made-up channel of 1,000,000 packages: 20 families of 400 names, 125 versions each.

A package needs three to eight names of its own family further down, most of them at least as far in
their history as it is in its own. A tenth of the newest quarter also needs one much older than its
neighbours do, so the newest of everything does not fit together; the packages at any one place of
the older history do. The first eight names of a family reach all of it: 50,000 packages, and an
environment of almost 400, which is a large one.
"""

import hashlib
import random
from pathlib import Path

FAMILIES, NAMES, VERSIONS = 20, 400, 125
CALM = 94  # from this place on some need what is older than they are


def name(family, index):
    return f"family{family:02}-part{index:04}"


def version(place):
    return f"{place // 10 + 1}.{place % 10}.0"


def roots(family):
    return [name(family, index) for index in range(8)]


def needs(family, index, place, chance):
    """The dependencies of one package."""
    last = min(index + 60, NAMES - 1)
    below = range(index + 1, last + 1)
    chosen = chance.sample(below, min(len(below), chance.randint(3, 8)))
    lowest = max(place - chance.randint(3, 30), 0)
    texts = [f'"{name(family, other)} >={version(lowest)}"' for other in chosen]
    if place > CALM and chosen and chance.random() < 0.1:
        oldest = place * 6 // 10
        window = f">={version(oldest - 20)},<{version(oldest)}"
        texts[0] = f'"{name(family, chosen[0])} {window}"'
    elif chosen and chance.random() < 0.3:
        texts[0] = texts[0][:-1] + ',<19"'
    return ",".join(texts)


def write(folder: Path, families=FAMILIES):
    """`linux-64` and an empty `noarch` below the folder; the answer is how many packages it has."""
    (folder / "linux-64").mkdir(parents=True, exist_ok=True)
    chance = random.Random(1)
    count = 0
    with open(folder / "linux-64/repodata.json", "w", encoding="utf-8") as page:
        page.write('{"info":{"subdir":"linux-64"},"packages":{},"packages.conda":{')
        for family in range(families):
            for index in range(NAMES):
                for place in range(VERSIONS):
                    page.write("," if count else "")
                    page.write(record(family, index, place, chance))
                    count += 1
        page.write("}}\n")
    (folder / "noarch").mkdir(exist_ok=True)
    (folder / "noarch/repodata.json").write_text('{"info":{"subdir":"noarch"},"packages":{}}\n')
    return count


def record(family, index, place, chance):
    own, number = name(family, index), version(place)
    file_name = f"{own}-{number}-h{place:03}_0.conda"
    sha256 = hashlib.sha256(file_name.encode()).hexdigest()
    return (
        f'"{file_name}":{{"build":"h{place:03}_0","build_number":0,'
        f'"depends":[{needs(family, index, place, chance)}],'
        f'"md5":"{sha256[:32]}","name":"{own}","sha256":"{sha256}","size":{1000 + place},'
        f'"subdir":"linux-64","timestamp":{1600000000000 + place * 86400000},'
        f'"version":"{number}"}}'
    )
