"""A stimulus program: sends as many markers as it is told on standard input, over the stream that it is named
for, and says when it sent each: mark.py NAME."""
import json
import sys
import time

import pylsl

outlet = pylsl.StreamOutlet(pylsl.StreamInfo(sys.argv[1], "Markers", 1, 0, "string", f"test of {sys.argv[1]}"))
count = int(sys.stdin.readline())
sent = []
for place in range(count):
    sent.append(pylsl.local_clock())
    outlet.push_sample([f"face {place}"], sent[-1])
    time.sleep(0.1)
# The reader takes what waits.
time.sleep(3)
print(json.dumps(sent), flush=True)
