"""Benchmarks: figures as ratios against a reference in the same run. `scripts/bench SECTION [--json FILE]`."""
