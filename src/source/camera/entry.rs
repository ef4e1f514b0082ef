//! Which cameras there are, which one a person means, and what to tell a person if it cannot be used.

use super::choose::CaptureFormat;
use super::device::Failure;
use crate::media::stream::SourceError;

/// One camera, as menus and `doctor` show it.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraEntry {
    /// The number in `camera:N`; on Linux that of `/dev/videoN`.
    pub index: u32,
    /// The camera's own name.
    pub name: String,
    /// Its formats; empty if it could not be asked.
    pub formats: Vec<CaptureFormat>,
    /// Why it could not be asked.
    pub trouble: Option<Failure>,
}

/// The advice if no camera can be used.
const OR_DEMO: &str = "or see the program at work without one: --source demo";

/// Finds the camera that `target` names: empty for the first one that can be used, else a number, or part of
/// a name in any case.
pub(super) fn find<'a>(
    entries: &'a [CameraEntry],
    target: &str,
) -> Result<&'a CameraEntry, SourceError> {
    let target = target.trim();
    let found = if target.is_empty() {
        entries.iter().find(|entry| entry.trouble.is_none()).or(entries.first())
    } else if let Ok(index) = target.trim_start_matches("/dev/video").parse::<u32>() {
        entries.iter().find(|entry| entry.index == index)
    } else {
        let wanted = target.to_lowercase();
        let matches = |entry: &&CameraEntry| entry.name.to_lowercase().contains(&wanted);
        let exact = entries.iter().find(|entry| entry.name.to_lowercase() == wanted);
        exact.or_else(|| entries.iter().find(matches))
    };
    found.ok_or_else(|| not_found(entries, target))
}

fn not_found(entries: &[CameraEntry], target: &str) -> SourceError {
    if entries.is_empty() {
        return SourceError::NoCamera {
            what: "No camera was found".into(),
            advice: format!("Plug one in and try again, {OR_DEMO}"),
        };
    }
    let listed: Vec<String> =
        entries.iter().map(|entry| format!("{} ({})", entry.index, entry.name)).collect();
    SourceError::NoCamera {
        what: format!("There is no camera \"{target}\""),
        advice: format!("There are: {}. Choose one of them, {OR_DEMO}", listed.join(", ")),
    }
}

/// What to tell a person whose camera cannot be opened.
pub(super) fn cannot_open(entry: &CameraEntry, failure: &Failure) -> SourceError {
    let name = format!("The camera {} ({})", entry.index, entry.name);
    let (what, advice) = match failure {
        Failure::Gone => {
            (format!("{name} is not connected"), format!("Plug it in and try again, {OR_DEMO}"))
        }
        Failure::Denied => (
            format!("{name} may not be opened by this user"),
            if cfg!(target_os = "linux") {
                format!(
                    "Join the group that may use cameras: `sudo usermod -aG video $USER`, then log \
                     out and in again; {OR_DEMO}"
                )
            } else {
                format!(
                    "Allow the camera for this program in the system's privacy settings, {OR_DEMO}"
                )
            },
        ),
        Failure::Busy => (
            format!("{name} is in use by another program"),
            format!("Close that program (a video call, a browser tab) and try again, {OR_DEMO}"),
        ),
        Failure::Broken(words) => (
            format!("{name} does not work: {words}"),
            format!("Unplug it, plug it in again, and try once more; {OR_DEMO}"),
        ),
    };
    SourceError::NoCamera { what, advice }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(index: u32, name: &str, trouble: Option<Failure>) -> CameraEntry {
        CameraEntry { index, name: name.into(), formats: Vec::new(), trouble }
    }

    fn two() -> [CameraEntry; 2] {
        [entry(0, "Built-in", Some(Failure::Denied)), entry(2, "HD Webcam: C920", None)]
    }

    #[test]
    fn no_target_means_the_first_camera_that_can_be_used() {
        assert_eq!(find(&two(), "").map(|e| e.index).ok(), Some(2));
        let only_denied = [entry(0, "Built-in", Some(Failure::Denied))];
        assert_eq!(find(&only_denied, "").map(|e| e.index).ok(), Some(0));
    }

    #[test]
    fn a_camera_is_found_by_number_by_node_and_by_part_of_its_name() {
        for target in ["2", "/dev/video2", "hd webcam: c920", "C920"] {
            assert_eq!(find(&two(), target).map(|e| e.index).ok(), Some(2), "{target}");
        }
    }

    #[test]
    fn an_unknown_camera_is_answered_with_those_that_there_are() {
        let text = find(&two(), "7").expect_err("none").to_string();
        assert!(text.contains("no camera \"7\"") && text.contains("2 (HD Webcam: C920)"), "{text}");
    }

    #[test]
    fn every_failure_names_the_camera_and_what_helps() {
        let broken = Failure::Broken("Protocol error (os error 71)".into());
        for (failure, help) in [
            (Failure::Gone, "Plug it in"),
            (Failure::Denied, "group"),
            (Failure::Busy, "Close that program"),
            (broken, "plug it in again"),
        ] {
            let text = cannot_open(&entry(1, "Cam", None), &failure).to_string();
            assert!(text.contains("camera 1 (Cam)"), "{text}");
            assert!(text.contains("--source demo"), "{text}");
            assert!(text.contains(help) || !cfg!(target_os = "linux"), "{text}");
        }
        let none = find(&[], "").expect_err("none").to_string();
        assert!(none.contains("No camera was found") && none.contains("Plug one in"), "{none}");
    }
}
