"""Reads every export of one session with readers that were not written for it.

    check.py FOLDER LAYER

FOLDER holds the files of all formats, written from the layer LAYER of one session; session.json in it
is what the others are held against.
"""

import csv
import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
import pympi

# ELAN's schema (EAF 3.0), as far as these files use it: required and optional attributes, and
# children in their order. The schema itself is in no package index.
EAF = {
    "ANNOTATION_DOCUMENT": ("DATE AUTHOR VERSION", "FORMAT", "HEADER TIME_ORDER TIER* LINGUISTIC_TYPE* "
                            "LOCALE* LANGUAGE* CONSTRAINT* CONTROLLED_VOCABULARY*"),
    "HEADER": ("", "MEDIA_FILE TIME_UNITS", "MEDIA_DESCRIPTOR* LINKED_FILE_DESCRIPTOR* PROPERTY*"),
    "MEDIA_DESCRIPTOR": ("MEDIA_URL MIME_TYPE", "RELATIVE_MEDIA_URL TIME_ORIGIN EXTRACTED_FROM", ""),
    "PROPERTY": ("", "NAME", ""),
    "TIME_ORDER": ("", "", "TIME_SLOT*"),
    "TIME_SLOT": ("TIME_SLOT_ID", "TIME_VALUE", ""),
    "TIER": ("TIER_ID LINGUISTIC_TYPE_REF",
             "PARTICIPANT ANNOTATOR DEFAULT_LOCALE PARENT_REF EXT_REF LANG_REF", "ANNOTATION*"),
    "ANNOTATION": ("", "", "ALIGNABLE_ANNOTATION* REF_ANNOTATION*"),
    "ALIGNABLE_ANNOTATION": ("ANNOTATION_ID TIME_SLOT_REF1 TIME_SLOT_REF2",
                             "SVG_REF EXT_REF LANG_REF CVE_REF", "ANNOTATION_VALUE"),
    "REF_ANNOTATION": ("ANNOTATION_ID ANNOTATION_REF",
                       "PREVIOUS_ANNOTATION EXT_REF LANG_REF CVE_REF", "ANNOTATION_VALUE"),
    "ANNOTATION_VALUE": ("", "", ""),
    "LINGUISTIC_TYPE": ("LINGUISTIC_TYPE_ID", "TIME_ALIGNABLE CONSTRAINTS GRAPHIC_REFERENCES "
                        "CONTROLLED_VOCABULARY_REF EXT_REF LEXICON_REF", ""),
    "LANGUAGE": ("LANG_ID", "LANG_DEF LANG_LABEL", ""),
    "CONSTRAINT": ("STEREOTYPE", "DESCRIPTION", ""),
    "CONTROLLED_VOCABULARY": ("CV_ID", "EXT_REF", "DESCRIPTION* CV_ENTRY_ML*"),
    "DESCRIPTION": ("LANG_REF", "", ""),
    "CV_ENTRY_ML": ("CVE_ID", "EXT_REF", "CVE_VALUE*"),
    "CVE_VALUE": ("LANG_REF", "DESCRIPTION", ""),
}
# Of one kind in the schema (xsd:ID), so that no two may be equal.
IDS = ["TIME_SLOT_ID", "ANNOTATION_ID", "LANG_ID", "STEREOTYPE"]
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def check_element(element):
    required, optional, children = (words.split() for words in EAF[element.tag])
    found = {name for name in element.attrib if not name.startswith(XSI)}
    assert set(required) <= found <= set(required + optional), (element.tag, found)
    order = [child.rstrip("*") for child in children]
    places = [order.index(child.tag) for child in element]
    assert places == sorted(places), (element.tag, [child.tag for child in element])
    for child in children:
        count = sum(other.tag == child.rstrip("*") for other in element)
        assert child.endswith("*") or count == 1, (element.tag, child, count)
    for child in element:
        check_element(child)


def check_elan(folder, layer, held, session):
    path = folder / "session.eaf"
    root = ElementTree.parse(path).getroot()
    assert root.tag == "ANNOTATION_DOCUMENT"
    check_element(root)
    ids = [element.attrib[name] for element in root.iter() for name in IDS if name in element.attrib]
    assert len(ids) == len(set(ids))
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
    print(f"session.eaf: pympi {pympi.__version__} reads {len(tiers)} event tiers, {len(kept)} events")


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
    assert units == sorted(units) and set(units) <= known, units
    assert all(name.startswith("fleeting_") for name in columns[5 + len(units):])
    assert len(table) == len(session["samples"]) and table.frame.iloc[0] == session["samples"][0]["frame"] + 1
    assert table.confidence.between(0, 1).all() and table.success.isin([0, 1]).all()
    assert table[units].isin([0.0, 1.0]).all().all()
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
    check_elan(folder, layer, held, session)
    check_boris(folder, held)
    check_openface(folder, session)
    check_megc(folder, held)
    check_parquet(folder, session)


if __name__ == "__main__":
    main()
