"""Reads the three streams of one source over Lab Streaming Layer, through the reference library, and says what
came: listen.py SOURCE COUNT. It ends when it has COUNT samples and the streams say no more."""
import json
import sys
import time

import numpy as np
import pylsl


def inlet_of(kind, source):
    deadline = time.time() + 60
    while time.time() < deadline:
        found = pylsl.resolve_bypred(f"name='Fleeting {kind}' and contains(source_id,':{source}:')", 1, 5)
        if found:
            # In hundreds of samples, for a stream without a fixed rate.
            return pylsl.StreamInlet(found[0], max_buflen=3600)
    raise SystemExit(f"no stream of {kind}")


def described(inlet):
    channel = inlet.info(30).desc().child("channels").first_child()
    labels, units = [], []
    while not channel.empty():
        labels.append(channel.child_value("label"))
        units.append(channel.child_value("unit"))
        channel = channel.next_sibling()
    return labels, units


def main():
    source, count = sys.argv[1], int(sys.argv[2])
    samples, events, marks = (inlet_of(kind, source) for kind in ["samples", "events", "markers"])
    labels, units = described(samples)
    assert len(labels) == samples.info().channel_count(), labels
    for inlet in (samples, events, marks):
        inlet.open_stream(30)
    blocks, stamps, received, last = [], [], 0, time.time()
    block = np.zeros((4096, len(labels)), dtype=np.float64)
    while received < count and time.time() - last < 60:
        _, times = samples.pull_chunk(timeout=0.2, max_samples=min(4096, count - received), dest_obj=block)
        if times:
            blocks.append(block[: len(times)].copy())
            stamps.extend(times)
            received += len(times)
            last = time.time()
    values, stamps = np.concatenate(blocks), np.array(stamps)
    frames, secs = (values[:, labels.index(name)] for name in ["frame", "time_s"])
    offset = stamps - secs
    heard = {
        "samples": received,
        "in_order": bool((np.diff(frames) == 1).all()),
        "most_difference_s": float(np.abs(offset - offset[0]).max()),
        "units_missing": sum(not unit for unit in units),
        "events": len(events.pull_chunk(timeout=2.0, max_samples=10000)[0]),
        "marks": [texts[0] for texts in marks.pull_chunk(timeout=1.0, max_samples=100)[0]],
    }
    print(json.dumps(heard), flush=True)


if __name__ == "__main__":
    main()
