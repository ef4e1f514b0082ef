//! Which library runs the models: ONNX Runtime if one is installed, else rten, which is inside the program.
//!
//! This is decided once per process, because `ort` can load one library only. A library is skipped if it does
//! not load, is too old, or would send data to its maker ([`telemetry`]). `fleeting doctor` shows the reason.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ort::environment::Environment;
use serde::{Deserialize, Serialize};

use super::network::Opened;
use super::{onnx_runtime, rten, telemetry};

/// The runtime that runs the models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuntimeKind {
    /// Pure Rust, inside the program.
    // The name in the manifests of earlier versions.
    #[serde(alias = "tract")]
    Embedded,
    /// Microsoft's library, found on this machine.
    OnnxRuntime,
}

impl fmt::Display for RuntimeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "rten",
            Self::OnnxRuntime => "ONNX Runtime",
        })
    }
}

/// The runtime of this process.
#[derive(Debug)]
pub struct Runtime {
    /// Which one it is.
    pub backend: RuntimeKind,
    /// Its version, in its own words.
    pub version: String,
    /// The library file; `None` for the embedded runtime.
    pub library: Option<PathBuf>,
    /// Libraries that were skipped, each with the reason.
    pub skipped: Vec<(PathBuf, String)>,
    /// The environment of the library's sessions; `None` for the embedded runtime.
    environment: Option<Environment>,
}

/// Set it to `embedded` to use the embedded runtime although a library is installed. `tract`, the value of
/// earlier versions, means the same.
pub const BACKEND_VARIABLE: &str = "FLEETING_BACKEND";

impl Runtime {
    /// The runtime of this process; the first call looks for libraries.
    pub fn get() -> &'static Self {
        static RUNTIME: OnceLock<Runtime> = OnceLock::new();
        RUNTIME.get_or_init(|| {
            let runtime = Self::choose(libraries(), telemetry::is_off());
            tracing::info!("the models run in {runtime}");
            runtime
        })
    }

    fn choose(libraries: Vec<PathBuf>, telemetry_is_off: bool) -> Self {
        let mut skipped = Vec::new();
        for library in libraries {
            if !telemetry_is_off {
                let variable = telemetry::VARIABLE;
                let why = format!(
                    "expected {variable}=1 in the environment, found it missing: it would send data"
                );
                skipped.push((library, why));
                continue;
            }
            // Nothing of `ort` may be called before a library is loaded, because `ort` would then choose one
            // itself.
            let builder = match ort::init_from(&library) {
                Ok(builder) => builder.with_name("fleeting").with_telemetry(false),
                Err(error) => {
                    skipped.push((library, error.to_string()));
                    continue;
                }
            };
            match builder.build() {
                Ok(environment) => {
                    return Self {
                        backend: RuntimeKind::OnnxRuntime,
                        version: version_in(ort::info(), &library),
                        library: Some(library),
                        skipped,
                        environment: Some(environment),
                    };
                }
                // `ort` keeps it until the process ends, so that no other can be tried.
                Err(error) => {
                    skipped.push((library, error.to_string()));
                    break;
                }
            }
        }
        let version = "0.27, embedded".into();
        Self { backend: RuntimeKind::Embedded, version, library: None, skipped, environment: None }
    }

    /// Opens a network in this runtime; the error is in the words of the library.
    pub(super) fn open(&self, bytes: &[u8]) -> Result<Opened, String> {
        match &self.environment {
            Some(environment) => onnx_runtime::open(environment, bytes),
            None => rten::open(bytes),
        }
    }
}

impl fmt::Display for Runtime {
    /// `ONNX Runtime 1.24.1 (/usr/lib/libonnxruntime.so)` or `rten 0.27, embedded`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.backend, self.version)?;
        self.library.as_ref().map_or(Ok(()), |path| write!(f, " ({})", path.display()))
    }
}

/// `1.24.1` from the library's build information, else from its file name.
fn version_in(info: &str, library: &Path) -> String {
    let branch = info.split(['=', ',', ' ']).find_map(|word| word.strip_prefix("rel-"));
    let name = library.file_name().unwrap_or_default().to_string_lossy();
    let in_name = name.split_once(".so.").map(|(_, version)| version);
    branch.or(in_name).unwrap_or("of unknown version").into()
}

/// True if [`Runtime::get`] would try a library.
pub(super) fn may_load_a_library() -> bool {
    !libraries().is_empty()
}

/// Library files to try; empty if the embedded runtime was asked for.
fn libraries() -> Vec<PathBuf> {
    let asked = env::var(BACKEND_VARIABLE);
    let only_embedded = asked.is_ok_and(|value| matches!(&*value, "embedded" | "tract"));
    if only_embedded { Vec::new() } else { candidates() }
}

/// Library files to try, in order: the one that `ORT_DYLIB_PATH` names, then beside the program, in the
/// system's library folders, and in Python environments with the package `onnxruntime`.
fn candidates() -> Vec<PathBuf> {
    let named = env::var_os("ORT_DYLIB_PATH").filter(|v| !v.is_empty()).map(PathBuf::from);
    let beside = env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_path_buf));
    let system = ["/usr/local/lib", "/usr/lib", "/usr/lib64", "/opt/homebrew/lib"];
    let multiarch = format!("/usr/lib/{}-linux-gnu", env::consts::ARCH);
    let folders = beside
        .into_iter()
        .chain(system.iter().map(PathBuf::from))
        .chain([PathBuf::from(multiarch)])
        .chain(python_prefixes().into_iter().flat_map(|prefix| capi_folders(&prefix)));
    let found = named.into_iter().chain(folders.flat_map(|folder| libraries_in(&folder)));
    // The loader would wait for the other end of a pipe. It searches for a bare name itself.
    found.filter(|path| crate::files::refuse_pipe(path).is_ok()).collect()
}

/// Roots of Python environments: the active one, then that of the first `python3` in the path.
fn python_prefixes() -> Vec<PathBuf> {
    let active = ["VIRTUAL_ENV", "CONDA_PREFIX"].into_iter().filter_map(env::var_os);
    let path = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&path)
        .find(|folder| folder.join("python3").exists())
        .and_then(|folder| folder.parent().map(Path::to_path_buf));
    let user = env::var_os("HOME").map(|home| PathBuf::from(home).join(".local"));
    active.map(PathBuf::from).chain(in_path).chain(user).collect()
}

/// Where pip installs the library under `prefix`.
fn capi_folders(prefix: &Path) -> Vec<PathBuf> {
    let lib = prefix.join("lib");
    let mut pythons = subfolders(&lib);
    pythons.retain(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("python3")));
    let windows = prefix.join("Lib/site-packages/onnxruntime/capi");
    let unix = pythons.iter().flat_map(|p| {
        ["site-packages", "dist-packages"].map(|s| p.join(s).join("onnxruntime/capi"))
    });
    unix.chain([windows]).collect()
}

/// The libraries in `folder`, newest name first: `libonnxruntime.so.1.24.1`, `onnxruntime.dll`.
fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let start = format!("{}onnxruntime{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    let dylib_start = "libonnxruntime.1";
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with(&start) || (cfg!(target_os = "macos") && name.starts_with(dylib_start))
    };
    let mut found: Vec<PathBuf> = subfolders(folder).into_iter().filter(is_library).collect();
    found.reverse();
    // A name with a version and the plain name are usually one file.
    found.dedup_by_key(|path| path.canonicalize().ok());
    found
}

/// The entries of `folder`, by name; empty if it cannot be read.
fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_the_build_information() {
        let info =
            "ORT Build Info: git-branch=rel-1.24.1, git-commit-id=26250ae, build type=Release";
        let library = Path::new("capi/libonnxruntime.so.1.26.0");
        assert_eq!(version_in(info, library), "1.24.1");
        assert_eq!(version_in("something else", library), "1.26.0");
        let unnumbered = Path::new("onnxruntime.dll");
        assert_eq!(version_in("something else", unnumbered), "of unknown version");
    }

    #[test]
    fn no_library_is_loaded_that_would_speak_to_its_maker() {
        let library = PathBuf::from("/nowhere/libonnxruntime.so");
        let Runtime { backend, skipped, .. } = Runtime::choose(vec![library.clone()], false);
        assert_eq!(backend, RuntimeKind::Embedded);
        let [(path, why)] = skipped.as_slice() else { panic!("{skipped:?}") };
        assert!(*path == library && why.contains("ORT_DISABLE_TELEMETRY=1"), "{why}");
    }

    #[test]
    fn a_pip_installed_library_is_found() {
        let prefix = tempfile::tempdir().expect("a temporary folder");
        let capi = prefix.path().join("lib/python3.11/site-packages/onnxruntime/capi");
        std::fs::create_dir_all(&capi).expect("folders");
        let name = format!("{}onnxruntime{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
        std::fs::write(capi.join(&name), b"not a library").expect("a file");
        let found: Vec<_> =
            capi_folders(prefix.path()).iter().flat_map(|f| libraries_in(f)).collect();
        assert_eq!(found, [capi.join(&name)]);
    }
}
