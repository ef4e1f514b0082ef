"""Reads every export of one session with readers that were not written for it.

    check.py FOLDER LAYER SCHEMA FORMATS

FOLDER holds the files of all formats, written from the layer LAYER of one session. The other files are
compared with its session.json. SCHEMA is ELAN's. FORMATS are the formats that the program can write; a
format that no reader here reads is an error.
"""

import csv
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
import pympi
import pyxdf
import xmlschema



def check_schema(path, schema):
    schema = xmlschema.XMLSchema(schema)
    errors = [f"{error.path}: {error.reason}" for error in schema.iter_errors(str(path))]
    assert not errors, errors
    # A schema that accepts everything would prove nothing.
    text = path.read_text(encoding="utf-8")
    for old, new in [(" TIER_ID=", " TIER_NAME="), ("TIME_ORDER>", "TIMES>")]:
        wrong = text.replace(old, new)
        assert wrong != text and not schema.is_valid(ElementTree.fromstring(wrong)), old


def check_elan(folder, layer, held, session, schema):
    path = folder / "session.eaf"
    check_schema(path, schema)
    eaf = pympi.Elan.Eaf(str(path))
    tiers = [tier for tier in eaf.get_tier_names() if tier.startswith(f"{layer} events")]
    assert tiers, eaf.get_tier_names()
    spans = sorted(span for tier in tiers for span in eaf.get_annotation_data_for_tier(tier))
    times = sorted(held, key=lambda row: row["onset_s"])
    kept = [span for span in spans if span_verdict(eaf, tiers, span) != "rejected"]
    assert len(kept) == len(times), (len(kept), len(times))
    for span, row in zip(kept, times):
        assert abs(span[0] - 1000 * row["onset_s"]) <= 0.5, (span, row)
        assert span[1] > 1000 * row["offset_s"], (span, row)
        assert span[2] == row["kind"], (span, row)
    for tier in eaf.get_tier_names():
        spans = sorted(eaf.get_annotation_data_for_tier(tier))
        assert all(span[0] < span[1] for span in spans), tier
        if not eaf.get_parameters_for_tier(tier).get("PARENT_REF"):
            assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:])), tier
    # Whatever a person typed is there as it was typed.
    notes = {act["note"][1] for act in acts(session, layer) if "note" in act}
    written = {span[2] for tier in eaf.get_tier_names() for span in eaf.get_annotation_data_for_tier(tier)}
    assert notes <= written, notes - written
    print(f"session.eaf: valid by EAFv3.0.xsd; pympi {pympi.__version__} reads {len(tiers)} event tiers, {len(kept)} events")


def span_verdict(eaf, tiers, span):
    for tier in tiers:
        verdict = tier.replace(" events", " verdict", 1)
        for begin, end, value, *_ in eaf.get_annotation_data_for_tier(verdict):
            if (begin, end) == span[:2]:
                return value
    return None


def acts(session, layer):
    return [entry["act"] for entry in session["acts"]
            if entry["rater"] == layer and isinstance(entry["act"], dict)]


def check_boris(folder, held):
    project = json.loads((folder / "session.boris").read_text())
    assert project["project_format_version"] == "7.0" and project["time_format"] == "hh:mm:ss"
    for key in ["project_name", "project_date", "project_description", "subjects_conf",
                "behaviors_conf", "observations", "behavioral_categories", "independent_variables",
                "coding_map", "behaviors_coding_map", "converters"]:
        assert key in project, key
    behaviours = {one["code"]: one for one in project["behaviors_conf"].values()}
    subjects = {one["name"] for one in project["subjects_conf"].values()}
    for one in behaviours.values():
        assert one["type"] in ("State event", "Point event") and one["category"] in project["behavioral_categories"]
    [observation] = project["observations"].values()
    assert observation["type"] == "MEDIA" and len(observation["file"]) == 8
    [media] = observation["file"]["1"]
    for info in ["length", "fps", "hasVideo", "hasAudio"]:
        assert media in observation["media_info"][info], info
    running, pairs, before = {}, 0, -1.0
    for time, subject, code, modifier, comment, frame in observation["events"]:
        assert subject in subjects and time >= before and isinstance(frame, int)
        before = time
        sets = behaviours[code]["modifiers"]
        for part, values in zip(modifier.split("|") if modifier else [], sets.values()):
            known = set(values["values"]) | {"None"}
            assert set(part.split(",")) <= known, (modifier, known)
            assert not any(c in value for value in values["values"] for c in "(|),`~")
        if behaviours[code]["type"] == "State event":
            if code in running:
                start, modifiers = running.pop(code)
                assert time > start and modifier == modifiers
                pairs += 1
            else:
                running[code] = (time, modifier)
    assert not running and pairs == len(held), (running, pairs, len(held))
    print(f"session.boris: {pairs} state events in pairs, {len(behaviours)} behaviours")


def check_openface(folder, session):
    table = pd.read_csv(folder / "openface.csv")
    columns = list(table.columns)
    # The names that scripts for OpenFace take columns by.
    assert columns[:5] == ["frame", "face_id", "timestamp", "confidence", "success"], columns
    units = [name for name in columns if name.startswith("AU")]
    known = {f"AU{n:02}_c" for n in [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45]}
    assert units == sorted(units) and set(units) == known, units
    unknown = ["AU23_c", "AU26_c", "AU28_c"]
    assert all(name.startswith("fleeting_") for name in columns[5 + len(units):])
    assert len(table) == len(session["samples"]) and table.frame.iloc[0] == session["samples"][0]["frame"] + 1
    assert table.confidence.between(0, 1).all() and table.success.isin([0, 1]).all()
    assert table[[name for name in units if name not in unknown]].isin([0.0, 1.0]).all().all()
    assert (table[unknown].isna() | (table[unknown] == 1.0)).all().all()
    seconds = np.array([sample["time"] for sample in session["samples"]]) / 1e9
    assert np.abs(table.timestamp - seconds).max() <= 0.0005001
    print(f"openface.csv: pandas reads {len(table)} frames, {len(units)} units, "
          f"{int(table.success.sum())} successes")


def check_megc(folder, held):
    spotting = pd.read_csv(folder / "megc_spotting.csv")
    assert list(spotting.columns) == ["vid", "pred_onset", "pred_offset", "type"]
    assert spotting.type.isin(["me", "mae"]).all() and (spotting.pred_onset <= spotting.pred_offset).all()
    assert list(spotting.pred_onset) == [row["onset_frame"] for row in held]
    both = pd.read_csv(folder / "megc_spot_then_recognise.csv")
    assert list(both.columns) == ["subject", "video", "onset", "offset", "emotion"]
    assert both.emotion.isin(["negative", "positive", "surprise", "others"]).all()
    assert len(both) == (spotting.type == "me").sum()
    print(f"megc: pandas reads {len(spotting)} spotted, {len(both)} recognised")


def check_parquet(folder, session):
    table = pyarrow.parquet.read_table(folder / "samples.parquet")
    assert table.num_rows == len(session["samples"])
    frame = table.to_pandas()
    assert list(frame.frame) == [sample["frame"] for sample in session["samples"]]
    assert list(frame.time_ns) == [sample["time"] for sample in session["samples"]]
    scores = [sample["score"] for sample in session["samples"]]
    for name in ["micro", "macro"]:
        expected = np.array([score[name] if score else np.nan for score in scores], dtype=np.float32)
        assert np.array_equal(frame[name].to_numpy(dtype=np.float32), expected, equal_nan=True), name
    rows = pd.read_csv(folder / "samples.csv")
    assert set(rows.columns) - {"time_s"} <= set(frame.columns)
    assert np.allclose(rows.chin_dy, frame.chin_dy, equal_nan=True)
    print(f"samples.parquet: pyarrow reads {table.num_rows} rows of {table.num_columns} columns, "
          f"{table.column('micro').null_count} without a score")


def table_of(folder, name):
    path = folder / name
    if not path.exists():
        return [], []
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return list(rows), list(rows.fieldnames)


def check_xdf(folder):
    """Every number and every text of the tables is in the streams, and nothing else."""
    streams, header = pyxdf.load_xdf(str(folder / "session.xdf"))
    assert header["info"]["version"] == ["1.0"]
    read = {}
    for stream in streams:
        info = stream["info"]
        [channels] = info["desc"][0]["channels"]
        labels = [channel["label"][0] for channel in channels["channel"]]
        assert len(labels) == int(info["channel_count"][0]), info["name"]
        counted = int(stream["footer"]["info"]["sample_count"][0])
        assert counted == len(stream["time_stamps"]), (info["name"], counted)
        read[info["name"][0]] = (stream, labels, channels["channel"])
    assert set(read) == {"Fleeting samples", "Fleeting events", "Fleeting markers"}, set(read)

    samples = pd.read_csv(folder / "samples.csv")
    stream, labels, channels = read["Fleeting samples"]
    assert labels == list(samples.columns) and len(samples) == len(stream["time_stamps"])
    assert all(channel["unit"][0] for channel in channels)
    # The table has six places of a second.
    assert np.abs(stream["time_stamps"] - samples.time_s).max() < 1e-6
    names = stream["info"]["desc"][0]
    values = stream["time_series"]
    for place, label in enumerate(labels):
        if label == "quality":
            words = [", ".join(names[f"quality_bit_{bit}"][0] for bit in range(16) if int(number) >> bit & 1)
                     for number in values[:, place]]
            assert [word or "good" for word in words] == list(samples.quality)
        elif label == "time_s":
            assert np.array_equal(values[:, place], stream["time_stamps"])
        elif label == "frame":
            assert np.array_equal(values[:, place], samples.frame)
        else:
            expected = samples[label].to_numpy(dtype=np.float32)
            assert np.array_equal(values[:, place].astype(np.float32), expected, equal_nan=True), label

    for name, file, time in [("events", "events.csv", "onset_s"), ("markers", "markers.csv", "time_s")]:
        rows, columns = table_of(folder, file)
        stream, labels, _ = read[f"Fleeting {name}"]
        assert len(rows) == len(stream["time_series"]) and (not rows or set(columns) == set(labels)), name
        for row, texts, at in zip(rows, stream["time_series"], stream["time_stamps"]):
            assert row == dict(zip(labels, texts)), (row, texts)
            assert abs(float(row[time]) - at) < 1e-6, row
    print(f"session.xdf: pyxdf {pyxdf.__version__ if hasattr(pyxdf, '__version__') else ''} reads {len(samples)} samples "
          f"of {len(channels)} channels, {len(read['Fleeting events'][0]['time_stamps'])} events, "
          f"{len(read['Fleeting markers'][0]['time_stamps'])} marks; all as in the tables")


def probed(path):
    asked = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-of", "json",
             "-show_entries", "stream=codec_name,nb_read_frames,width,height:format=duration", str(path)]
    said = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)
    [stream] = said["streams"]
    return stream, float(said["format"]["duration"])


def check_clips(folder, held, session, codec, ending):
    """One clip for each event: the event and a quarter second around it, at a quarter of its speed."""
    times = np.array([sample["time"] for sample in session["samples"]]) / 1e9
    frames = 0
    for row in held:
        name = f"event-{row['id']}-{row['kind']}-frame-{row['onset_frame']}-to-{row['offset_frame']}"
        stream, secs = probed(folder / f"{name}.{ending}")
        shown = times[(times >= row["onset_s"] - 0.25) & (times <= row["offset_s"] + 0.25)]
        assert stream["codec_name"] == codec, (name, stream)
        assert int(stream["nb_read_frames"]) == len(shown), (name, stream, len(shown))
        # The last picture stays for a while.
        assert -0.05 <= secs - 4 * (shown[-1] - shown[0]) <= 1.0, (name, secs, shown)
        frames += len(shown)
    assert len(list(folder.glob(f"*.{ending}"))) == len(held)
    print(f"*.{ending}: ffprobe reads {len(held)} clips ({codec}), {frames} pictures")


def check_training(folder, held):
    spotting, recognition = (np.load(folder / f"{name}.npz") for name in ["spotting", "recognition"])
    shapes = {}
    for name, file in [("spotting", spotting), ("recognition", recognition)]:
        for key in file.files:
            array = file[key]
            assert array.dtype.kind in "iub" or np.isfinite(array).all(), (name, key)
            shapes[f"{name}.{key}"] = array.shape
    lengths = {shape[0] for key, shape in shapes.items() if key.startswith("recognition") and shape}
    assert max(lengths) <= len(held), (lengths, len(held))
    print(f"training: numpy reads {shapes}")


def rows_of(folder):
    with open(folder / "events.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for part in ["onset", "apex", "offset"]:
            row[f"{part}_frame"] = int(row[f"{part}_frame"])
            row[f"{part}_s"] = float(row[f"{part}_s"])
    return rows


def main():
    folder, layer = Path(sys.argv[1]), sys.argv[2]
    session = json.loads((folder / "session.json").read_text())
    rows = rows_of(folder)
    held = [row for row in rows if layer == "model" or row["verdict"] == "confirmed"]
    assert held, "a check of nothing shows nothing"
    moments = {sample["frame"]: sample["time"] / 1e9 for sample in session["samples"]}
    for row in rows:
        assert row["onset_frame"] <= row["apex_frame"] <= row["offset_frame"]
        assert abs(moments[row["apex_frame"]] - row["apex_s"]) < 1e-5
    print(f"events.csv: {len(rows)} events, {len(held)} of them held by {layer}")
    schema, formats = sys.argv[3], set(sys.argv[4].split(","))
    read = {
        "csv": lambda: None,
        "json": lambda: None,
        "elan": lambda: check_elan(folder, layer, held, session, schema),
        "boris": lambda: check_boris(folder, held),
        "openface": lambda: check_openface(folder, session),
        "megc": lambda: check_megc(folder, held),
        "parquet": lambda: check_parquet(folder, session),
        "xdf": lambda: check_xdf(folder),
        "clips": lambda: check_clips(folder, held, session, "h264", "mp4"),
        "gif": lambda: check_clips(folder, held, session, "gif", "gif"),
        "training": lambda: check_training(folder, held),
        # A browser looks at it.
        "report": lambda: None,
    }
    assert formats == set(read), formats ^ set(read)
    for check in read.values():
        check()


if __name__ == "__main__":
    main()
