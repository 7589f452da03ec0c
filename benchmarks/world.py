"""Simulated worlds of many firms in a storm: how many broke a law, and how fast they run."""

import argparse
import json
import time

from hanse.sim.world import Weather, World, broken_laws

HOUR = 3_600.0
STORM = Weather(
    machine_down=0.3, cut=0.2, twice=0.3, restart=0.05, delay_s=5.0, cut_s=300.0, repair_s=4 * HOUR
)


def one(seed, hours):
    world = World(seed, shops=2 + seed % 5, buyers=1 + seed % 3, weather=STORM)
    world.run(60, weather=False)
    for buyer in world.buyers:
        within = (6 + world.dice.randrange(8)) * HOUR
        world.need(buyer, 40 + world.dice.randrange(160), within_s=within)
    world.run(hours * HOUR)
    return world, broken_laws(world)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many worlds")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--hours", type=float, default=3.0, help="simulated hours of storm")
    parser.add_argument("--data", default=None, help="not needed")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    began, events, broken = time.perf_counter(), 0, {}
    for seed in range(args.first, args.first + args.seeds):
        world, laws = one(seed, args.hours)
        events += len(world.happened)
        if laws:
            broken[seed] = laws[:3]
    took = time.perf_counter() - began
    figures = {
        "worlds": args.seeds,
        "broken": broken,
        "events": events,
        "simulated_h": args.seeds * args.hours,
        "s": round(took, 1),
        "times_real": round(args.seeds * args.hours * HOUR / took),
    }
    if args.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:14} {value}")
    raise SystemExit(bool(broken))


if __name__ == "__main__":
    main()
