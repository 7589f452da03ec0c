"""Benchmarks: `./dev bench NAME [--data DIR] [--json]`, ours and the peers in one go."""
