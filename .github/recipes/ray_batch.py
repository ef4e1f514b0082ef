#!/usr/bin/env python3
"""Thousands of hours of recordings on a Ray cluster, or on the cores of one machine.

    ray_batch.py RECORDINGS RESULTS [--shares 64] [--fleeting PATH] [-- more options of analyze]

Each share is the command `fleeting analyze RECORDINGS --out RESULTS --share I/N`, on one core of any free
worker. The folders must be on a disk that all workers can use. If a run was interrupted, start it again:
finished recordings are not analysed twice. The last run, without a share, writes the complete list. The
exit status is that of the last run.
"""

import argparse
import subprocess
import sys

import ray


@ray.remote(num_cpus=1, max_retries=2)
def run_share(fleeting, recordings, results, share, more):
    command = [fleeting, "analyze", recordings, "--out", results, "--share", share, "--jobs", "1", *more]
    done = subprocess.run(command, capture_output=True, text=True)
    return share, done.returncode, done.stdout, done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recordings")
    parser.add_argument("results")
    parser.add_argument("--shares", type=int, default=64)
    parser.add_argument("--fleeting", default="fleeting")
    parser.add_argument("--address", help="of a running cluster; without it, this machine's cores")
    parser.add_argument("more", nargs="*", help="after --: options of fleeting analyze")
    args = parser.parse_args()

    ray.init(address=args.address, log_to_driver=False)
    waiting = [
        run_share.remote(args.fleeting, args.recordings, args.results, f"{i}/{args.shares}", args.more)
        for i in range(1, args.shares + 1)
    ]
    while waiting:
        [ready], waiting = ray.wait(waiting)
        share, status, out, err = ray.get(ready)
        summary = (out.strip().splitlines() or ["nothing to do"])[-1]
        print(f"share {share}: exit {status}; {summary}", flush=True)
        if status != 0:
            print(err.strip(), file=sys.stderr)

    whole = [args.fleeting, "analyze", args.recordings, "--out", args.results, *args.more]
    return subprocess.run(whole).returncode


if __name__ == "__main__":
    sys.exit(main())
