//! The detection limit in tables and JSON: one row for each part of the face and each state of the face.

use std::io::{self, Write};

use crate::measure::detection_limit::{
    DetectionLimit, FacePart, FaceState, LimitTrial, SIZES_PERCENT, SmallestFound,
};

/// The states of a row: any state in which the face was seen, then each of them alone.
pub(crate) const STATES: [Option<FaceState>; 3] =
    [None, Some(FaceState::Calm), Some(FaceState::Moving)];

/// Every part of the face in every state.
pub(crate) fn rows() -> impl Iterator<Item = (FacePart, Option<FaceState>)> {
    FacePart::ALL.into_iter().flat_map(|part| STATES.map(|state| (part, state)))
}

/// One word for a state.
pub(crate) fn state_name(state: Option<FaceState>) -> &'static str {
    state.map_or("any", FaceState::name)
}

/// Writes one line for each part of the face, state and size.
pub(super) fn write_table(limit: &DetectionLimit, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["part", "face", "size_percent", "found", "tried", "limit_percent"])?;
    for (part, state) in rows() {
        let smallest = match limit.smallest(part, state) {
            SmallestFound::From(percent) => format!("{percent:.3}"),
            SmallestFound::Below(percent) => format!("<={percent}"),
            SmallestFound::Above(percent) => format!(">{percent}"),
            SmallestFound::TooFew(_) => String::new(),
        };
        for (nth, size_percent) in SIZES_PERCENT.into_iter().enumerate() {
            let (found, tried) = limit.found(part, state, nth);
            let numbers = [size_percent.to_string(), found.to_string(), tried.to_string()];
            let [size, found, tried] = &numbers;
            let face = state_name(state);
            table.write_record([part.name(), face, size, found, tried, &smallest])?;
        }
    }
    table.flush()
}

/// The same as one object, with every trial.
pub(super) fn json(limit: &DetectionLimit) -> serde_json::Value {
    let row = |(part, state): (FacePart, Option<FaceState>)| {
        let counts: [_; SIZES_PERCENT.len()] =
            std::array::from_fn(|size| limit.found(part, state, size));
        let smallest = match limit.smallest(part, state) {
            SmallestFound::From(percent) | SmallestFound::Below(percent) => Some(percent),
            SmallestFound::Above(_) | SmallestFound::TooFew(_) => None,
        };
        serde_json::json!({
            "part": part.name(),
            "face": state_name(state),
            "found": counts.map(|(found, _)| found),
            "tried": counts[0].1,
            "limit_percent": smallest,
        })
    };
    let trial = |trial: &LimitTrial| {
        serde_json::json!({
            "time": trial.apex,
            "part": trial.part.name(),
            "face": trial.state.name(),
            "smallest_found_percent": trial.smallest_percent(),
        })
    };
    serde_json::json!({
        "sizes_percent": SIZES_PERCENT,
        "parts": rows().map(row).collect::<Vec<_>>(),
        "trials": limit.trials.iter().map(trial).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::measure::time::Timestamp;

    /// Twelve moments: the brows are found from 1.0 % on while the face is calm, the mouth is never found,
    /// and the eyes are not seen.
    pub(crate) fn limit() -> DetectionLimit {
        let trial = |nth: u32, part| LimitTrial {
            apex: Timestamp::from_secs(f64::from(nth) * 0.2 + 0.1),
            part,
            state: match part {
                FacePart::Eyes => FaceState::Unseen,
                _ if nth < 10 => FaceState::Calm,
                _ => FaceState::Moving,
            },
            found: match part {
                FacePart::Brows if nth < 10 => [false, false, true, true, true],
                _ => [false; 5],
            },
        };
        let trials = (0..12).flat_map(|nth| FacePart::ALL.map(|part| trial(nth, part)));
        DetectionLimit { trials: trials.collect() }
    }

    #[test]
    fn the_table_has_a_line_for_each_part_state_and_size() {
        let mut bytes = Vec::new();
        write_table(&limit(), &mut bytes).expect("written");
        let text = String::from_utf8(bytes).expect("text");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 1 + 3 * 3 * 5);
        assert_eq!(lines[1], "brows,any,0.35,0,12,0.980");
        assert!(lines.contains(&"brows,calm,1,10,10,0.903"), "{text}");
        assert!(lines.contains(&"brows,moving,3.2,0,2,"), "{text}");
        assert!(lines.contains(&"nose and mouth,any,3.2,0,12,>3.2"), "{text}");
        assert!(lines.contains(&"eyes and cheeks,any,0.35,0,0,"), "{text}");
    }

    #[test]
    fn the_object_has_the_same_figures_and_every_trial() {
        let json = json(&limit());
        assert_eq!(json["parts"][1]["found"], serde_json::json!([0, 0, 10, 10, 10]));
        assert_eq!(json["parts"][1]["tried"], 10);
        assert!(json["parts"][6]["limit_percent"].is_null());
        assert_eq!(json["trials"].as_array().map(Vec::len), Some(36));
        assert_eq!(json["trials"][0]["smallest_found_percent"], 1.0);
        assert_eq!(json["trials"][1]["face"], "not seen");
    }
}
