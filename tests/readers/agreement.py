"""Computes the agreement of two layers again, from their tables alone: agreement.py FILE FIRST SECOND."""

import csv
import json
import sys
from pathlib import Path


def events(folder):
    with open(folder / "events.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["verdict"] in ("confirmed", "open")]
    is_model = folder.name == "model"
    return [(row["kind"], int(row["onset_frame"]), int(row["offset_frame"]), float(row["onset_s"]),
             float(row["apex_s"]))
            for row in rows if is_model or row["verdict"] == "confirmed"]


def iou(a, b):
    both = min(a[2], b[2]) - max(a[1], b[1]) + 1
    either = max(a[2], b[2]) - min(a[1], b[1]) + 1
    return max(0.0, both / either)


def kappa(first, second, frames):
    inside = [{f for event in layer for f in range(event[1], event[2] + 1)} for layer in (first, second)]
    a, b = (len(layer) / frames for layer in inside)
    observed = 1 - len(inside[0] ^ inside[1]) / frames
    chance = a * b + (1 - a) * (1 - b)
    return (observed - chance) / (1 - chance)


def icc(table):
    """ICC(2,1), with the formulas of Shrout and Fleiss (1979)."""
    n, k = len(table), len(table[0])
    mean = sum(map(sum, table)) / (n * k)
    rows = sum(k * (sum(row) / k - mean) ** 2 for row in table)
    columns = sum(n * (sum(row[j] for row in table) / n - mean) ** 2 for j in range(k))
    error = sum((x - mean) ** 2 for row in table for x in row) - rows - columns
    rows, columns, error = rows / (n - 1), columns / (k - 1), error / ((n - 1) * (k - 1))
    return (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)


def main():
    report = json.loads(Path(sys.argv[1]).read_text())
    first, second = events(Path(sys.argv[2])), events(Path(sys.argv[3]))
    likely = [(a, b) for a in first for b in second if a[0] == b[0] and iou(a, b) >= 0.5]
    pairs = []
    for a, b in sorted(likely, key=lambda pair: -iou(*pair)):
        if all(a != c and b != d for c, d in pairs):
            pairs.append((a, b))
    assert report["all"]["tp"] == len(pairs) > 0, (report["all"], pairs)
    assert report["all"]["truths"] == len(first) and report["all"]["proposals"] == len(second)
    f1 = 2 * len(pairs) / (len(first) + len(second))
    assert abs(report["all"]["f1"] - f1) < 1e-9
    bias = sum(b[3] - a[3] for a, b in pairs) / len(pairs) * 1000
    assert abs(report["onset"]["bias_ms"] - bias) < 0.01, (report["onset"], bias)
    either = next(one for one in report["per_frame"] if one["name"] == "either")
    expected = kappa(first, second, report["frames"])
    assert abs(either["kappa"] - expected) < 1e-9, (either, expected)
    per_interval = report["per_interval"]
    table = [[sum(int(event[4] // per_interval["interval_s"]) == i for event in layer) for layer in (first, second)]
             for i in range(per_interval["intervals"])]
    if per_interval["icc_of_counts"] is not None:
        assert abs(per_interval["icc_of_counts"] - icc(table)) < 1e-9, (per_interval, table)
    print(f"agreement.json: {len(pairs)} matched, F1 {f1:.3f}, kappa {expected:.3f}, as worked out here")


if __name__ == "__main__":
    main()
