"""Plots synthetic motion beside figures that were measured on real recordings.

    fleeting synth --features spotting --count 2000 --frames 540 --seed 1 --basis face_basis.npz --out basis.npz
    fleeting synth --features spotting --count 2000 --frames 540 --seed 2 --out facs.npz
    python models/training/plot_realism.py basis.npz facs.npz --out models/realism.png

It needs numpy and matplotlib. The real figures are published for CAS(ME)2 and SAMM-LV; no recording is read.
"""

import argparse

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

# Pixels per percent of the outer-eye distance in the published recordings.
PX_PER_PERCENT = 1.9
MARGIN, WINDOW = 8, 13
SPEEDS = {0.5: 0.11, 0.9: 0.21, 0.99: 0.34, 0.999: 0.66}
LENGTHS = {
    "micro": {0.05: (7, 9), 0.25: (10, 13), 0.5: (13, 14), 0.75: (14, 15), 0.95: (16, 16)},
    "macro": {0.05: (18, 19), 0.25: (24, 24), 0.5: (35, 36), 0.75: (52, 60), 0.95: (75, 245)},
}
SIZES = {0.1: (0.4, 0.6), 0.5: (1.1, 1.2), 0.9: (3.7, 4.9)}
COURSE = [0.12, 0.15, 0.26, 0.41, 0.49, 0.42, 0.19, -0.03, -0.12, -0.21, -0.20, -0.17, -0.09, -0.01, -0.02, -0.05]
SEPARABLE = (0.30, 0.61)


class Laboratory:
    """The laboratory recordings of a set, measured as the published features are."""

    def __init__(self, path):
        with np.load(path) as z:
            columns = [str(c) for c in z["recording_columns"]]
            recording = z["recording"]
            chosen = (recording[:, columns.index("is_laboratory")] == 1) & (recording[:, columns.index("is_published")] == 1)
            number = np.cumsum(chosen) - 1
            events = z["events"][chosen[z["events"][:, 0]]]
            self.motion = z["motion"][chosen] * PX_PER_PERCENT
            self.fps = recording[chosen, columns.index("fps")]
            self.blinks = z["states"][chosen] & 1 > 0
        self.events = np.column_stack([number[events[:, 0]], events[:, 1:]])
        self.micro = self.events[self.events[:, 4] == 0]
        self.macro = self.events[self.events[:, 4] == 1]
        self.neutral = np.ones(self.motion.shape[:2], bool)
        for segment, onset, _, offset, _ in self.events:
            self.neutral[segment, max(0, onset - MARGIN) : offset + MARGIN + 1] = False
        self.speed = np.linalg.norm(self.motion, axis=-1)

    def sizes(self):
        rises = [self.motion[s, onset + 1 : apex + 1].sum(0) for s, onset, apex, _, _ in self.micro]
        return np.linalg.norm(rises, axis=-1).max(-1)

    def course(self):
        """Mean speed of the strongest region along its displacement. Published motion of frame f
        leads from f to f + 1, ours from f - 1 to f."""
        tracks = []
        for s, onset, apex, _, _ in self.micro:
            if apex < 6 or apex + 10 > self.motion.shape[1]:
                continue
            moved = self.motion[s, onset + 1 : apex + 1].sum(0)
            region = np.linalg.norm(moved, axis=-1).argmax()
            along = moved[region] / np.linalg.norm(moved[region])
            tracks.append(self.motion[s, apex - 6 : apex + 10, region] @ along)
        return np.mean(tracks, axis=0)

    def peaks(self):
        """Peak speeds of neutral windows and of micro-expressions."""
        fastest = self.speed.max(-1)
        starts = range(0, fastest.shape[1] - WINDOW, WINDOW)
        windows = [fastest[:, t : t + WINDOW].max(1)[self.neutral[:, t : t + WINDOW].all(1)] for t in starts]
        return np.concatenate(windows), np.array([fastest[s, a : c + 1].max() for s, a, _, c, _ in self.micro])

    def spectrum(self):
        """Median power of still recordings at 30 frames a second, each relative to white noise."""
        still = (self.neutral & ~self.blinks).all(1) & (self.fps == 30)
        power = np.abs(np.fft.rfft(self.motion[still], axis=1)) ** 2
        power = power.mean(axis=(2, 3))[:, 1:]
        power /= power.mean(1, keepdims=True)
        return np.fft.rfftfreq(self.motion.shape[1], 1 / 30)[1:], np.median(power, axis=0)


def quantiles(axis, values, facts, title, unit, log=False):
    parts = np.linspace(0.02, 0.98, 200)
    for name, drawn in values.items():
        axis.plot(np.quantile(drawn, parts), parts, label=name)
    for part, limits in facts.items():
        label = None if "measured" in axis.get_legend_handles_labels()[1] else "measured"
        axis.plot(np.atleast_1d(limits), [part] * np.size(limits), "k.-", markersize=8, label=label)
    axis.set(title=title, xlabel=unit, ylabel="part below")
    if log:
        axis.set_xscale("log")
        axis.xaxis.set_minor_formatter("")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", help="spotting sets from `fleeting synth`")
    parser.add_argument("--out", default="realism.png")
    options = parser.parse_args()
    sets = {path.rsplit("/", 1)[-1].removesuffix(".npz"): Laboratory(path) for path in options.sets}
    figure, ((noise, length, size), (course, spectrum, peaks)) = plt.subplots(2, 3, figsize=(13, 7), layout="constrained")
    neutral = {name: s.speed[s.neutral].ravel() for name, s in sets.items()}
    quantiles(noise, neutral, {}, "Speed in neutral frames", "px per frame", log=True)
    for part, fact in SPEEDS.items():
        noise.plot(fact, part, "k.", markersize=8, label="measured" if part == 0.5 else None)
    noise.set(yscale="logit")
    for line, values in zip(noise.lines, neutral.values()):
        parts = np.r_[np.linspace(0.02, 0.98, 100), 1 - np.geomspace(0.02, 5e-4, 60)]
        line.set_data(np.quantile(values, parts), parts)
    noise.set(xlim=(0.02, 1.5), ylim=(0.02, 0.9996))
    for kind, facts in LENGTHS.items():
        events = {f"{n}, {kind}": getattr(s, kind) for n, s in sets.items()}
        spans = {n: e[:, 3] - e[:, 1] + 1 for n, e in events.items()}
        quantiles(length, spans, facts, "Length of expressions", "frames at 30 a second", log=True)
    length.set_xticks([10, 20, 50, 100, 200], ["10", "20", "50", "100", "200"])
    quantiles(size, {n: s.sizes() for n, s in sets.items()}, SIZES, "Size, onset to apex, strongest region", "px at 190 px between the eyes", log=True)
    size.set_xticks([0.3, 1, 3, 10], ["0.3", "1", "3", "10"])
    frames = np.arange(-7, 9)
    course.plot(frames, COURSE, "k.-", label="measured")
    for name, s in sets.items():
        course.plot(frames, s.course(), label=name)
        spectrum.plot(*s.spectrum(), label=name)
        windows, micro = s.peaks()
        limit = np.quantile(windows, 0.95)
        line = peaks.plot(np.quantile(windows, np.linspace(0, 1, 200)), np.linspace(0, 1, 200), ":")[0]
        peaks.plot(np.quantile(micro, np.linspace(0, 1, 200)), np.linspace(0, 1, 200), color=line.get_color(), label=f"{name}: {(micro > limit).mean():.0%} above p95 of neutral")
    course.axhline(0, color="0.8", linewidth=1)
    course.set(title="Course of a micro-expression", xlabel="frames from the apex", ylabel="px per frame")
    spectrum.axhline(1, color="0.8", linewidth=1)
    spectrum.set(title="Noise spectrum, still regions", xlabel="Hz", ylabel="power, 1 = white")
    peaks.set(title="Peak speed: neutral (dotted) and micro", xlabel="px per frame", ylabel="part below", xlim=(0, 2.5))
    peaks.plot([], [], " ", label=f"measured: {SEPARABLE[0]:.0%} to {SEPARABLE[1]:.0%}")
    for axis in figure.axes:
        axis.legend(fontsize=8)
    figure.savefig(options.out, dpi=90)


if __name__ == "__main__":
    main()
