//! Facts about the shipped models and about what happens to broken ones.

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
