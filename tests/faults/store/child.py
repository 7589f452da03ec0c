"""A process of its own that writes to a record and says what was acknowledged.

``python -m tests.faults.store.child PATH NAME [COUNT]`` prints one event id a line, each after its
commit; without a count it goes on until it is killed.
"""

import itertools
import sys

from hanse.model.event import Draft
from hanse.model.ids import Counter
from hanse.model.text import Text
from hanse.model.time import StillClock
from hanse.store import Store, peer_lane


def main(path, name, count=None):
    with Store.open(path, clock=StillClock(), ids=Counter(f"{name}-")) as store:
        print("ready", flush=True)
        for n in itertools.count() if count is None else range(int(count)):
            print(store.write_sync(lambda tx, n=n: step(tx, name, n)), flush=True)


def step(tx, name, n):
    text = Text(f"{name} {n}", f"{name} {n}")
    event = tx.events.append(Draft(kind="test.counted", subject=name, text=text))
    tx.outbox.put(peer_lane(name), id=event.id, kind="rfq", payload=b"x" * 200)
    return event.id


if __name__ == "__main__":
    main(*sys.argv[1:])
