//! Opens the window, or says in one line why that failed.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use super::backend::native::NativeBackend;
use super::{App, LaunchOptions};

/// The icon for the task bar.
static ICON_PNG: &[u8] = include_bytes!("../../assets/icon.png");

/// What to do without a window.
const HEADLESS: &str = "without a window, `fleeting analyze SOURCE --out DIR` does the same work; \
                        `fleeting --help` lists the rest";

/// Why there is no window. Each text is one line and says what helps.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// There is no display.
    #[error("no display answers where DISPLAY or WAYLAND_DISPLAY points ({found}); {HEADLESS}")]
    NoDisplay {
        /// What the window system answered.
        found: String,
    },
    /// A library that windows need is missing.
    #[error("a library that windows need is missing: {found}; install {advice}; {HEADLESS}")]
    MissingLibrary {
        /// The loader's message.
        found: String,
        /// What to install.
        advice: &'static str,
    },
    /// There is no OpenGL.
    #[error(
        "no graphics: {found}; install a driver with OpenGL (such as libgl1-mesa-dri); {HEADLESS}"
    )]
    NoGraphics {
        /// What the graphics system answered.
        found: String,
    },
}

/// Opens the window and stays until it is closed.
pub fn run(options: LaunchOptions) -> Result<(), AppError> {
    let native = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Fleeting")
            .with_app_id("fleeting")
            .with_inner_size([1366.0, 768.0])
            .with_min_inner_size([640.0, 360.0])
            .with_clamp_size_to_monitor_size(true)
            .with_maximized(true)
            .with_icon(icon()),
        persist_window: true,
        ..Default::default()
    };
    // The window library panics if a part of the desktop cannot be loaded. Until the window is open, such a
    // panic becomes one line of text; other panics are reported as usual.
    let hook = Rc::new(Cell::new(Some(std::panic::take_hook())));
    std::panic::set_hook(Box::new(|_| ()));
    let restore = move || hook.take().into_iter().for_each(std::panic::set_hook);
    let restore_at_start = restore.clone();
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let create = move |cc: &eframe::CreationContext<'_>| {
            restore_at_start();
            let recording = options.session.clone().zip(options.recording.clone());
            let backend = Box::new(NativeBackend { recording });
            Ok(Box::new(App::new(cc, options, backend)) as Box<dyn eframe::App>)
        };
        eframe::run_native("fleeting", native, Box::new(create))
    }));
    restore();
    match opened {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(explain(&error.to_string())),
        Err(panic) => {
            let words = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
                .unwrap_or_default();
            match missing_library(&words) {
                Some(error) => Err(error),
                None => resume_unwind(panic),
            }
        }
    }
}

/// The smallest window in which every control has its place, points.
const LEAST_PT: egui::Vec2 = egui::vec2(1000.0, 560.0);

/// The scale at which every control fits into a window of this size, points: 1, or less in a small window.
pub fn zoom_that_fits(points: egui::Vec2) -> f32 {
    let share = (points / LEAST_PT).min_elem();
    if share.is_finite() { share.clamp(0.4, 1.0) } else { 1.0 }
}

/// Keeps the window no larger than the screen, and scales its content so that it fits.
pub(super) fn fit(ctx: &egui::Context) {
    let zoom = ctx.zoom_factor();
    let viewport = ctx.input(|i| {
        let viewport = i.viewport();
        Some((viewport.inner_rect?.size(), viewport.monitor_size?))
    });
    let Some((inner, monitor)) = viewport else { return };
    let most = inner.min(monitor);
    if monitor.min_elem() > 100.0 && (inner.x > monitor.x + 1.0 || inner.y > monitor.y + 1.0) {
        ctx.send_viewport_cmd(egui::ViewportCommand::OuterPosition(egui::Pos2::ZERO));
        ctx.send_viewport_cmd(egui::ViewportCommand::InnerSize(most));
    }
    let wanted = zoom_that_fits(most * zoom);
    if (wanted - zoom).abs() > 0.005 {
        ctx.set_zoom_factor(wanted);
    }
}

fn icon() -> egui::IconData {
    eframe::icon_data::from_png_bytes(ICON_PNG).unwrap_or_else(|error| {
        tracing::error!("the icon cannot be read: {error}");
        egui::IconData::default()
    })
}

fn explain(words: &str) -> AppError {
    let found = words.lines().next().unwrap_or_default().to_owned();
    let lower = words.to_lowercase();
    if let Some(error) = missing_library(words) {
        error
    } else if ["glutin", "opengl", "egl", "glx"].iter().any(|w| lower.contains(w)) {
        AppError::NoGraphics { found }
    } else {
        AppError::NoDisplay { found }
    }
}

fn missing_library(words: &str) -> Option<AppError> {
    let lower = words.to_lowercase();
    let could_not =
        ["could not be loaded", "cannot open shared object", "library not found", "failed to load"]
            .iter()
            .any(|w| lower.contains(w));
    let advice = if lower.contains("xkbcommon-x11") || lower.contains("xkbcommon_x11") {
        "libxkbcommon-x11-0"
    } else if lower.contains("xkbcommon") {
        "libxkbcommon0"
    } else if lower.contains("libx11") || lower.contains("xcursor") || lower.contains("libxi") {
        "libx11-6, libxcursor1, libxi6 and libx11-xcb1"
    } else if lower.contains("wayland") {
        "libwayland-client0"
    } else if lower.contains("libegl") || lower.contains("libgl") {
        "libegl1 and libgl1"
    } else {
        return None;
    };
    let found = words.lines().next().unwrap_or_default().to_owned();
    could_not.then_some(AppError::MissingLibrary { found, advice })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_one_line_and_names_the_headless_command() {
        for words in [
            "winit EventLoopError: os error: neither WAYLAND_DISPLAY nor DISPLAY is set",
            "Library libxkbcommon-x11.so could not be loaded.",
            "glutin error: provided display handle is not supported\nmore",
        ] {
            let line = explain(words).to_string();
            assert!(line.contains("fleeting analyze") && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn a_missing_library_is_named_with_what_to_install() {
        let error = missing_library("Library libxkbcommon-x11.so could not be loaded.");
        assert!(error.is_some_and(|e| e.to_string().contains("install libxkbcommon-x11-0")));
        assert!(missing_library("index out of bounds").is_none());
    }

    #[test]
    fn the_icon_can_be_read() {
        assert!(icon().width > 0);
    }
}
