"""Measures each part of the recogniser: trains its network with one thing changed at a time.

    python models/training/recogniser_ablations.py --basis face_basis.npz

Every line is trained on the face basis alone and tested on people of the other rig, in two forms: three
phases as the program measures them, and one displacement as the sets of MEGC 2019 keep it
(`scaled_maps`). Compare lines that change a disturbance with "maps by disturbance alone". `--report` names a
set of real recordings, as `fleeting evaluate recognition` reads it. It is scored for each line and decides
nothing. The script needs scikit-learn for the support-vector machine and the trees.
"""

import argparse
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np
import torch

import recogniser
from fitting import fit
from recognition_data import MAPPED, MEASURED, Disturbance, Events, RecognitionData, Strange, disturbed, normalised, onset_to_apex
from recognition_training import ISDA, SHIFT, scores
from recogniser import CLASSES, REGIONS, UNITS, GraphAttention, Recogniser, co_occurrence, mean_of_phases
from scaled_maps import single_displacements
from sets import HELD_OUT, REPOSITORY, TRAIN, arrays, generate

NOTHING = Disturbance(*[0.0] * len(MEASURED))
# How many samples the support-vector machine and the trees learn from; more would take too long.
PEER_SAMPLES = 8_000


def but(**changed):
    """Both disturbances with these changes, and no scaled maps, which have a disturbance of their own."""
    return {"measured": MEASURED._replace(**changed), "mapped": MAPPED._replace(**changed), "maps_part": 0.0}


class FixedGraph(GraphAttention):
    """Fixed neighbours by action unit, the same for every face and movement."""

    def attention(self, h):
        return torch.softmax(6 * co_occurrence() - 3, 1).expand(len(h), self.heads, -1, -1)


class NoGraph(GraphAttention):
    """Every region by itself."""

    def attention(self, h):
        return torch.eye(h.shape[1]).expand(len(h), self.heads, -1, -1)


class WithFixedGraph(Recogniser):
    layer = FixedGraph


class WithoutGraph(Recogniser):
    layer = NoGraph


class WithoutFusion(Recogniser):
    def fused(self, x, mask):
        return mean_of_phases(x, mask).repeat(1, 1, 3)


class WithoutMean(Recogniser):
    def fused(self, x, mask):
        attended, mean, apex = super().fused(x, mask).chunk(3, 2)
        return torch.cat([attended, torch.zeros_like(mean), apex], 2)


class WithoutAttention(Recogniser):
    def fused(self, x, mask):
        attended, mean, apex = super().fused(x, mask).chunk(3, 2)
        return torch.cat([torch.zeros_like(attended), mean, apex], 2)


class OneView(Recogniser):
    def views(self, motion):
        return torch.cat([motion, torch.zeros_like(motion), torch.zeros_like(motion)], 3)


class Change(NamedTuple):
    name: str
    network: Callable = Recogniser
    events: Callable = Events
    data: dict = {}
    isda: float = ISDA
    known: float = 0.5
    unit_size: bool = True
    members: int = 1
    expressions: int = 0
    steps: float = 1.0


CHANGES = [
    Change("as it ships, one network"),
    Change("four networks averaged, as it ships", members=4),
    Change("twice the steps", steps=2),
    Change("8,000 expressions", expressions=8_000),
    Change("without ISDA", isda=0.0),
    Change("graph fixed by action units", WithFixedGraph),
    Change("no graph", WithoutGraph),
    Change("phases averaged, no temporal fusion", WithoutFusion),
    Change("fused without their mean", WithoutMean),
    Change("fused without attention", WithoutAttention),
    Change("readout blind to which region is which", lambda: Recogniser(places=False)),
    Change("motion as it is only, no other views", OneView),
    Change("amplitude always known", known=1.0),
    Change("amplitude never known", known=0.0),
    Change("no phase missing in training", data={"dropped_part": 0.0}),
    Change("all measured, none as a map", data={"mapped_part": 0.0}),
    Change("a quarter as maps", data={"mapped_part": 0.25}),
    Change("a quarter as maps, all of them scaled maps", data={"mapped_part": 0.25, "maps_part": 1.0}),
    Change("a quarter as maps, without ISDA", data={"mapped_part": 0.25}, isda=0.0),
    Change("a quarter as maps, ISDA at .1", data={"mapped_part": 0.25}, isda=0.1),
    Change("none as a map, without ISDA", data={"mapped_part": 0.0}, isda=0.0),
    Change("maps by disturbance alone", data={"maps_part": 0.0}),
    Change("maps by scaled maps alone", data={"maps_part": 1.0}),
    Change("not scaled to unit size", unit_size=False),
    Change("undisturbed", data={"measured": NOTHING, "mapped": NOTHING, "maps_part": 0.0}),
    Change("maps disturbed as what is measured", data={"mapped": MEASURED, "maps_part": 0.0}),
    Change("all disturbed as maps", data={"measured": MAPPED, "maps_part": 0.0}),
    Change("regions answer alike", data=but(answer=0)),
    Change("without head motion", data=but(affine=0, shift=0)),
    Change("without errors of flow", data=but(shared=0, single=0, lost=0)),
    Change("twice the errors", data=but(affine=1, shift=0.6, shared=0.6, single=0.6)),
    Change("strange: a second expression, regions read elsewhere", events=Strange, data={"maps_part": 0.0}),
]


def scaled(change, motion, mask, known):
    if change.unit_size:
        return normalised(motion, mask, known)
    return motion, torch.zeros(len(motion), 2)


def trained(change, options, path, seed):
    data = RecognitionData([path], events=change.events, **change.data)
    if change.expressions:
        for key in ("motion", "mask", "label", "units"):
            setattr(data.synthetic, key, getattr(data.synthetic, key)[: change.expressions])
    torch.manual_seed(100 + seed)
    isda = recogniser.Isda()

    def batch_loss(network, generator, progress):
        motion, mask, label, units = data.batch(96, generator)
        known = (torch.rand(len(motion), generator=generator) < change.known).float()
        motion, amplitude = scaled(change, motion, mask, known)
        return recogniser.loss(network, isda, motion, mask, amplitude, label, units, change.isda * progress)

    steps = round(options.steps * change.steps)
    return fit(change.network(), batch_loss, steps, 2e-3, 1e-2, seed, f"{change.name} {seed}")


class Form(NamedTuple):
    """Events to test on, in one form. Where the units are unknown, `units` is all zero."""

    motion: torch.Tensor
    mask: torch.Tensor
    is_single: bool
    label: np.ndarray
    units: np.ndarray

    def scores(self, logits, units):
        return scores({"logits": logits, "units": units, "label": self.label, "moving": self.units})


def forms(path, report):
    """People of the rig that training never saw, in both forms; and the set `report`, if there is one."""
    events = Events([path])
    known = events.label.numpy(), events.units.numpy()
    measured = disturbed(events.motion, torch.Generator().manual_seed(9), MEASURED)
    single = torch.from_numpy(single_displacements(events.motion.numpy(), 9))
    found = [Form(measured, events.mask, False, *known), Form(*onset_to_apex(single), True, *known)]
    if report:
        file = arrays(report, {"motion": ("N", REGIONS, 2), "label": ("N",)})
        if set(file["label"].tolist()) != set(range(CLASSES)):
            raise SystemExit(f"{report}: label: expected all of 0, 1 and 2, found {sorted(set(file['label'].tolist()))}")
        single = torch.from_numpy(file["motion"].astype(np.float32))
        found.append(Form(*onset_to_apex(single), True, file["label"], np.zeros((len(single), UNITS))))
    return found


@torch.no_grad()
def network_scores(change, network, form):
    known = torch.full((len(form.motion),), 0.0 if form.is_single else 1.0)
    motion, amplitude = scaled(change, form.motion, form.mask, known)
    parts = zip(motion.split(500), form.mask.split(500), amplitude.split(500))
    logits, units = zip(*(network(*part) for part in parts))
    return form.scores(torch.cat(logits).numpy(), torch.cat(units).numpy())


def peer_scores(peer, path, judged):
    """Scores of another kind of model: one for single displacements, one for three phases, without scaled maps."""
    fitted = {}
    for form in judged:
        there = [0] if form.is_single else [0, 1, 2]
        if form.is_single not in fitted:
            data = RecognitionData([path], mapped_part=float(form.is_single), maps_part=0.0, dropped_part=0.0)
            motion, mask, label, _ = data.batch(PEER_SAMPLES, torch.Generator().manual_seed(5))
            fitted[form.is_single] = peer().fit(features(motion, mask, there), label.numpy())
        read = fitted[form.is_single].predict(features(form.motion, form.mask, there))
        yield form.scores(np.eye(CLASSES)[read], np.zeros((len(read), UNITS, 3)))


def features(motion, mask, phases):
    return normalised(motion, mask, torch.zeros(len(motion)))[0][:, phases].flatten(1).numpy()


def peers():
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.svm import SVC

    return {
        "support-vector machine": lambda: SVC(C=3.0, class_weight="balanced"),
        "extremely randomised trees": lambda: ExtraTreesClassifier(
            400, min_samples_leaf=2, max_features=0.3, class_weight="balanced", random_state=0
        ),
    }


def line(name, found):
    emotions = [f"{m['uf1']:.3f} / {m['uar']:.3f}" for m in found]
    units = [f"{m['units_f1']:.3f}" if m["units_f1"] else "–" for m in found[:2]]
    print("| " + " | ".join([name, *emotions[:2], " / ".join(units), *emotions[2:]]) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--basis", type=Path, required=True)
    parser.add_argument("--report", type=Path, help="a set as `fleeting evaluate recognition` reads it, to report on; it decides nothing")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "target" / "training")
    parser.add_argument("--generator", default="cargo run -q --release -- synth")
    parser.add_argument("--expressions", type=int, default=80_000)
    parser.add_argument("--people", type=int, default=4_000, help="how many people to test on")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", help="only lines whose name contains this")
    options = parser.parse_args()
    options.basis, options.work = options.basis.resolve(), options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    path = generate(options, "recognition", options.expressions, TRAIN, rig="basis")
    judged = forms(generate(options, "recognition", options.people, HELD_OUT + SHIFT["facs"], rig="facs"), options.report)
    heads = ["", "measured: UF1 / UAR", "scaled maps: UF1 / UAR", "units with side, F1", *["report: UF1 / UAR"] * bool(options.report)]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for name, peer in peers().items():
        title = f"{name}, {PEER_SAMPLES:,} samples"
        if not options.only or options.only in title:
            line(title, list(peer_scores(peer, path, judged)))
    for change in CHANGES:
        if not options.only or options.only in change.name:
            members = [trained(change, options, path, seed) for seed in range(change.members)]
            network = recogniser.Exported(members).eval()
            line(change.name, [network_scores(change, network, form) for form in judged])


if __name__ == "__main__":
    main()
