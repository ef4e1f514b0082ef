//! The shipped models, and what happens to damaged ones.

use super::*;

/// A folder with copies of the embedded files.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("manifest.toml"), EMBEDDED_MANIFEST).expect("a manifest");
    for (name, bytes) in EMBEDDED {
        std::fs::write(dir.path().join(name), bytes).expect("a model");
    }
    dir
}

fn load(dir: &tempfile::TempDir) -> Result<Models, ModelError> {
    Models::load(&ModelChoice::Folder(dir.path().into()))
}

#[test]
fn every_embedded_file_has_the_hash_of_its_entry() {
    let models = Models::load(&ModelChoice::Embedded).expect("embedded models");
    assert_eq!(models.manifest.model.len(), EMBEDDED.len());
    for (entry, bytes) in models.manifest.model.iter().zip(&models.files) {
        entry.check_hash(bytes, &entry.file).expect("the hash in the manifest");
    }
}

#[test]
fn every_onnx_model_opens_with_the_shapes_of_its_entry() {
    let models = Models::load(&ModelChoice::Embedded).expect("embedded models");
    for entry in models.manifest.model.iter().filter(|e| e.file.ends_with(".onnx")) {
        if entry.runs_on(Runtime::get().backend) {
            models.open(entry.task).expect("it opens and runs");
        }
    }
}

#[test]
fn a_folder_with_the_same_files_serves_as_well() {
    let models = load(&folder()).expect("a folder of models");
    assert!(models.has(Task::Landmarks) && models.has(Task::Detect));
}

#[test]
fn one_changed_byte_is_an_error_that_names_the_file() {
    let dir = folder();
    let path = dir.path().join(EMBEDDED[0].0);
    let mut bytes = EMBEDDED[0].1.to_vec();
    bytes[1000] ^= 1;
    std::fs::write(&path, bytes).expect("a changed model");
    let error = load(&dir).expect_err("the hash differs").to_string();
    assert!(error.contains(EMBEDDED[0].0) && error.contains("changed"), "{error}");
}

#[test]
fn a_missing_file_and_a_missing_manifest_are_errors_that_name_them() {
    let dir = folder();
    std::fs::remove_file(dir.path().join(EMBEDDED[1].0)).expect("removed");
    assert!(load(&dir).expect_err("no file").to_string().contains(EMBEDDED[1].0));
    std::fs::remove_file(dir.path().join("manifest.toml")).expect("removed");
    assert!(load(&dir).expect_err("no manifest").to_string().contains("manifest.toml"));
}

#[test]
fn a_manifest_that_names_a_file_elsewhere_is_refused() {
    let (name, _) = EMBEDDED[0];
    for path in ["../x.onnx", "/etc/passwd", "a/b.onnx", "..", "", "a\\\\b.onnx", "./x.onnx"] {
        let text = EMBEDDED_MANIFEST.replacen(name, path, 1);
        let error = Manifest::parse(&text, "m/manifest.toml").expect_err(path).to_string();
        assert!(error.contains("m/manifest.toml") && error.contains("beside"), "{error}");
    }
}

#[test]
fn a_manifest_that_asks_for_the_impossible_is_refused_by_key() {
    for (from, to, key) in [
        ("[1, 3, 128, 128]", "[1, 3, 128, 9000000000000]", "image"),
        ("[1, 3, 128, 128]", "[-1, 3, -1, 128]", "image"),
        ("temperature = ", "temperature = nan #", "temperature"),
        ("abstain_below = ", "abstain_below = 1", "abstain_below"),
        ("look_ahead_rows = [", "look_ahead_rows = [99999999, 1] #", "look_ahead_rows"),
        ("micro = [[", "micro = [[nan, 5], [", "micro"),
        ("sha256 = \"1", "sha256 = \"x", "sha256"),
        (r#"name = "scores""#, r#"name = "regressors""#, "outputs: expected 2"),
        (r#", { name = "presence_logit", shape = [1, 1] }"#, "", "outputs: expected 2"),
        (r#"[{ name = "rows", shape = [1, 128, 6] }]"#, "[]", "found none"),
        (r#", { name = "amplitude", shape = [1, 2] }"#, "", "inputs: expected 3"),
    ] {
        let text = EMBEDDED_MANIFEST.replacen(from, to, 1);
        assert_ne!(text, EMBEDDED_MANIFEST, "{from}");
        let error = Manifest::parse(&text, "manifest.toml").expect_err(to).to_string();
        assert!(error.contains(key), "{error}");
    }
}

proptest::proptest! {
    #[test]
    fn a_damaged_manifest_is_an_error_or_a_manifest_that_can_be_used(
        at in 0.0..1.0f64, noise in "[ -~\n]{0,12}", cut in 0usize..24,
    ) {
        let at = (at * EMBEDDED_MANIFEST.len() as f64) as usize;
        let after = (at + cut).min(EMBEDDED_MANIFEST.len());
        if let (Some(head), Some(tail)) = (EMBEDDED_MANIFEST.get(..at), EMBEDDED_MANIFEST.get(after..)) {
            match Manifest::parse(&format!("{head}{noise}{tail}"), "manifest.toml") {
                Ok(manifest) => for tensor in manifest.model.iter().flat_map(|e| &e.inputs) {
                    proptest::prop_assert!(tensor.least_values() <= 1 << 24);
                },
                Err(error) => proptest::prop_assert!(error.to_string().contains("manifest.toml")),
            }
        }
    }
}

#[test]
fn a_file_that_is_no_model_is_refused_by_name() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("text.onnx");
    std::fs::write(&path, b"not a model").expect("a file");
    let mut models = Models::load(&ModelChoice::Embedded).expect("embedded models");
    models.replace(Task::Detect, &path).expect("it can be read");
    assert!(models.open(Task::Detect).expect_err("refused").to_string().contains("text.onnx"));
}

#[test]
fn a_model_with_other_shapes_is_refused_with_both_shapes() {
    let mut models = Models::load(&ModelChoice::Embedded).expect("embedded models");
    let detector = models.manifest.model.iter_mut().find(|e| e.task == Task::Detect);
    detector.expect("a detector").inputs[0].shape = vec![1, 3, 64, 64];
    let error = models.open(Task::Detect).expect_err("shapes differ").to_string();
    assert!(error.contains("1x3x64x64") && error.contains("1x3x128x128"), "{error}");
}

#[test]
fn a_size_that_the_file_has_fixed_is_not_free() {
    let mut models = Models::load(&ModelChoice::Embedded).expect("embedded models");
    let spotter = models.manifest.model.iter_mut().find(|e| e.task == Task::Spot);
    spotter.expect("a spotter").inputs[0].shape = vec![1, -1, 12, 2];
    let error = models.open(Task::Spot).expect_err("one size").to_string();
    assert!(error.contains("1x?x12x2") && error.contains("1x128x12x2"), "{error}");
}

#[test]
fn too_few_values_are_refused_with_both_numbers() {
    let models = Models::load(&ModelChoice::Embedded).expect("embedded models");
    let mut model = models.open(Task::Detect).expect("a detector");
    let error = model.run(&[&[0.0; 7]]).expect_err("seven values").to_string();
    assert!(error.contains("1x3x128x128") && error.contains("7 values"), "{error}");
}

#[test]
fn a_free_dimension_takes_its_size_from_the_length() {
    let tensor = Tensor { name: "motion".into(), shape: vec![1, -1, 12, 2], range: None };
    assert_eq!(tensor.shape_of(240), Some(vec![1, 10, 12, 2]));
    assert_eq!(tensor.shape_of(241), None);
    assert_eq!(tensor.shape_text(), "1x?x12x2");
}
