//! Colours, strokes, sizes and words: the only place that decides how anything looks.
//!
//! Hues follow the Okabe–Ito palette, whose colours people with any colour vision can tell apart. They are
//! made darker or lighter until they stand out from the ground. Colour is never alone: every state also has a
//! word and a shape.

use std::sync::Arc;

use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Stroke, TextStyle, Visuals};

use super::live::LivePhase;
use super::message::Weight;
use crate::measure::event::{Emotion, EventKind, Origin};
use crate::measure::quality::Trouble;
use crate::session::annotation::{Target, Verdict};

/// The colours of one look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theme {
    /// Behind everything.
    pub ground: Color32,
    /// Behind plots, pictures and lists.
    pub surface: Color32,
    /// Behind buttons.
    pub raised: Color32,
    /// Round surfaces, and grid lines.
    pub line: Color32,
    /// Text.
    pub text: Color32,
    /// Text that is less important.
    pub faint: Color32,
    /// Chosen and focused things.
    pub accent: Color32,
    /// Behind chosen things.
    pub chosen: Color32,
    /// Micro-expressions.
    pub micro: Color32,
    /// Macro-expressions.
    pub macro_: Color32,
    /// Good, live.
    pub good: Color32,
    /// Suspect, paused.
    pub suspect: Color32,
    /// Cannot be scored.
    pub bad: Color32,
    /// Errors.
    pub fault: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

impl Theme {
    /// On dark ground.
    pub const DARK: Self = Self {
        ground: rgb(0x14_17_1B),
        surface: rgb(0x1B_1F_25),
        raised: rgb(0x2A_30_38),
        line: rgb(0x32_39_43),
        text: rgb(0xDD_E2_E8),
        faint: rgb(0x98_A3_B0),
        accent: rgb(0x6C_B4_EE),
        chosen: rgb(0x20_34_48),
        micro: rgb(0xF2_A9_3B),
        macro_: rgb(0x6C_B4_EE),
        good: rgb(0x4C_C3_8A),
        suspect: rgb(0xE8_D4_4D),
        bad: rgb(0xD0_92_BF),
        fault: rgb(0xFF_8A_73),
    };

    /// On light ground.
    pub const LIGHT: Self = Self {
        ground: rgb(0xF1_F3_F6),
        surface: rgb(0xFF_FF_FF),
        raised: rgb(0xE4_E8_ED),
        line: rgb(0xD5_DB_E2),
        text: rgb(0x1E_26_2F),
        faint: rgb(0x56_63_70),
        accent: rgb(0x00_66_A6),
        chosen: rgb(0xD6_E8_F6),
        micro: rgb(0xB8_55_00),
        macro_: rgb(0x00_66_A6),
        good: rgb(0x00_73_55),
        suspect: rgb(0x8A_6B_00),
        bad: rgb(0x98_45_80),
        fault: rgb(0xB3_2A_14),
    };

    /// The look that `ui` is drawn in.
    pub fn of(ui: &egui::Ui) -> Self {
        Self::of_visuals(ui.visuals())
    }

    /// The look of these visuals.
    pub fn of_visuals(visuals: &Visuals) -> Self {
        if visuals.dark_mode { Self::DARK } else { Self::LIGHT }
    }

    /// The colour of a kind of event.
    pub fn kind(&self, kind: EventKind) -> Color32 {
        match kind {
            EventKind::Micro => self.micro,
            EventKind::Macro => self.macro_,
        }
    }

    /// The colour of a phase.
    pub fn phase(&self, phase: &LivePhase) -> Color32 {
        match phase {
            LivePhase::Live => self.good,
            LivePhase::Paused => self.suspect,
            LivePhase::Starting(_) | LivePhase::Finished => self.accent,
            LivePhase::Stopped | LivePhase::Stopping => self.faint,
            LivePhase::Fault(_) | LivePhase::Lost(_) | LivePhase::Frozen(_) => self.fault,
        }
    }

    /// The colour of a running recording.
    pub fn recording(&self) -> Color32 {
        self.fault
    }

    /// The colour of a message.
    pub fn weight(&self, weight: Weight) -> Color32 {
        match weight {
            Weight::Note => self.accent,
            Weight::Warning => self.suspect,
            Weight::Error => self.fault,
        }
    }

    /// The colour of a verdict.
    pub fn verdict(&self, verdict: Verdict) -> Color32 {
        match verdict {
            Verdict::Open => self.faint,
            Verdict::Confirmed => self.good,
            Verdict::Rejected => self.fault,
        }
    }

    /// The colour of a frame's quality.
    pub fn grade(&self, grade: Grade) -> Color32 {
        match grade {
            Grade::Good => self.good,
            Grade::Suspect => self.suspect,
            Grade::Unscorable => self.bad,
        }
    }

    /// A signed share, −1–1, as a colour: blue for darker, orange for lighter, grey for zero.
    pub fn diverging(&self, share: f32) -> Color32 {
        let share = if share.is_finite() { share.clamp(-1.0, 1.0) } else { 0.0 };
        let end = if share < 0.0 { rgb(0x00_72_B2) } else { rgb(0xE6_7E_00) };
        mix(self.surface, end, share.abs())
    }

    /// A share, 0–1, as a colour: from the ground over blue to yellow.
    pub fn heat(&self, share: f32) -> Color32 {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        let stops: [Color32; 4] = if *self == Self::DARK {
            [self.surface, rgb(0x1F_5C_8C), rgb(0x3F_B0_A0), rgb(0xF9_E7_6B)]
        } else {
            [self.surface, rgb(0xA9_CF_E8), rgb(0x2E_86_AB), rgb(0x0B_2A_4A)]
        };
        let at = share * 3.0;
        let i = (at as usize).min(2);
        mix(stops[i], stops[i + 1], at - i as f32)
    }

    fn visuals(&self) -> Visuals {
        let mut v = if *self == Self::DARK { Visuals::dark() } else { Visuals::light() };
        v.panel_fill = self.ground;
        v.window_fill = self.surface;
        v.extreme_bg_color = self.surface;
        v.faint_bg_color = mix(self.ground, self.surface, 0.5);
        v.text_edit_bg_color = Some(self.ground);
        v.window_stroke = Stroke::new(1.0, self.line);
        v.hyperlink_color = self.accent;
        v.warn_fg_color = self.suspect;
        v.error_fg_color = self.fault;
        v.weak_text_color = Some(self.faint);
        v.selection.bg_fill = self.chosen;
        v.selection.stroke = Stroke::new(1.0, self.accent);
        v.slider_trailing_fill = true;
        v.menu_corner_radius = CornerRadius::same(8);
        v.window_corner_radius = CornerRadius::same(10);
        let ink = |c| Stroke::new(1.0, c);
        let w = &mut v.widgets;
        w.noninteractive.bg_fill = self.surface;
        w.noninteractive.bg_stroke = ink(self.line);
        w.noninteractive.fg_stroke = ink(self.text);
        for (style, mixed) in [
            (&mut w.inactive, 0.0),
            (&mut w.hovered, 0.12),
            (&mut w.active, 0.25),
            (&mut w.open, 0.12),
        ] {
            style.weak_bg_fill = mix(self.raised, self.accent, mixed);
            style.bg_fill = mix(self.raised, self.accent, mixed);
            style.fg_stroke = ink(self.text);
            style.bg_stroke =
                if mixed > 0.0 { ink(mix(self.line, self.accent, 0.6)) } else { Stroke::NONE };
            style.corner_radius = CornerRadius::same(6);
            style.expansion = 0.0;
        }
        v
    }
}

/// A mix of two colours at `share` of the way from `a` to `b`.
pub fn mix(a: Color32, b: Color32, share: f32) -> Color32 {
    let channel = |x: u8, y: u8| {
        (f32::from(x) + (f32::from(y) - f32::from(x)) * share.clamp(0.0, 1.0)).round() as u8
    };
    Color32::from_rgb(channel(a.r(), b.r()), channel(a.g(), b.g()), channel(a.b(), b.b()))
}

/// Space between and inside surfaces, points.
pub const GAP: f32 = 8.0;

/// Space between the edge of a surface and what is drawn on it, points.
pub const SURFACE_MARGIN: f32 = 10.0;

/// Thickness of the score lines, points.
pub const SCORE_STROKE: f32 = 1.8;

/// Thickness of drawn regions and arrows, points.
pub const REGION_STROKE: f32 = 1.5;

/// Size of small text: captions, ticks.
pub const SMALL_PT: f32 = 12.0;

static INTER: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
static INTER_SEMI_BOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");

/// Sets both looks and the sizes of text.
pub fn install(ctx: &egui::Context) {
    for (theme, colors) in [(egui::Theme::Dark, Theme::DARK), (egui::Theme::Light, Theme::LIGHT)] {
        ctx.set_visuals_of(theme, colors.visuals());
    }
    ctx.set_fonts(fonts());
    ctx.all_styles_mut(|style| {
        let sizes =
            [(TextStyle::Small, SMALL_PT), (TextStyle::Body, 13.5), (TextStyle::Button, 13.5)];
        for (text, size) in sizes {
            style.text_styles.insert(text, FontId::new(size, FontFamily::Proportional));
        }
        style.text_styles.insert(TextStyle::Heading, FontId::new(17.0, titles()));
        style.text_styles.insert(TextStyle::Monospace, FontId::new(13.0, FontFamily::Monospace));
        style.spacing.item_spacing = egui::vec2(8.0, 6.0);
        style.spacing.button_padding = egui::vec2(10.0, 5.0);
        style.spacing.menu_margin = Margin::same(6);
        style.spacing.interact_size.y = 26.0;
        style.interaction.selectable_labels = false;
        style.interaction.tooltip_delay = 0.35;
    });
}

/// The font of titles.
fn titles() -> FontFamily {
    FontFamily::Name("titles".into())
}

/// Inter for text; egui's own fonts for numbers in columns and for signs.
fn fonts() -> egui::FontDefinitions {
    let mut fonts = egui::FontDefinitions::default();
    for (name, bytes) in [("Inter", INTER), ("Inter SemiBold", INTER_SEMI_BOLD)] {
        fonts.font_data.insert(name.into(), Arc::new(egui::FontData::from_static(bytes)));
    }
    let mut words = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    // For signs that Inter lacks.
    words.push("Hack".into());
    let with_first = |name: &str| [vec![name.to_owned()], words.clone()].concat();
    fonts.families.insert(titles(), with_first("Inter SemiBold"));
    fonts.families.insert(FontFamily::Proportional, with_first("Inter"));
    fonts
}

/// A title of what stands below or beside it.
pub fn title(words: impl Into<String>) -> egui::RichText {
    egui::RichText::new(words).family(titles())
}

/// A surface: what panels are drawn on.
pub fn surface(theme: &Theme) -> egui::Frame {
    egui::Frame::new()
        .fill(theme.surface)
        .stroke(Stroke::new(1.0, theme.line))
        .corner_radius(CornerRadius::same(8))
        .inner_margin(Margin::same(SURFACE_MARGIN as i8))
}

/// The word of a phase.
pub fn phase_word(phase: &LivePhase) -> &'static str {
    match phase {
        LivePhase::Stopped => "STOPPED",
        LivePhase::Starting(_) => "STARTING",
        LivePhase::Live => "LIVE",
        LivePhase::Lost(_) => "CAMERA LOST",
        LivePhase::Frozen(_) => "NO RESULT",
        LivePhase::Paused => "PAUSED",
        LivePhase::Finished => "FINISHED",
        LivePhase::Stopping => "STOPPING",
        LivePhase::Fault(_) => "FAULT",
    }
}

/// How far a frame can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Without trouble.
    Good,
    /// Scored, but troubled.
    Suspect,
    /// Not scored.
    Unscorable,
}

impl Grade {
    /// All, best first.
    pub const ALL: [Self; 3] = [Self::Good, Self::Suspect, Self::Unscorable];

    /// The grade of a frame with this trouble.
    pub fn of(trouble: Trouble) -> Self {
        if trouble.is_none() {
            Self::Good
        } else if trouble.scorable() {
            Self::Suspect
        } else {
            Self::Unscorable
        }
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Suspect => "suspect",
            Self::Unscorable => "not scored",
        }
    }

    /// The word and the trouble: `good`, `suspect: blink`.
    pub fn words(trouble: Trouble) -> String {
        let word = Self::of(trouble).word();
        if trouble.is_none() { word.to_owned() } else { format!("{word}: {trouble}") }
    }
}

/// The word for a verdict in the window; files have their own.
pub fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Open => "not judged",
        Verdict::Confirmed => "confirmed",
        Verdict::Rejected => "rejected",
    }
}

/// The number of an event in the window, which counts from 1: `3`, `own 1`.
pub fn number_words(target: Target) -> String {
    match target {
        Target::Machine(id) => (id + 1).to_string(),
        Target::Own(number) => format!("own {}", number + 1),
    }
}

/// The word for an emotion, with a sign for narrow places.
pub fn emotion_word(emotion: Emotion) -> &'static str {
    match emotion {
        Emotion::Negative => "negative",
        Emotion::Positive => "positive",
        Emotion::Surprise => "surprise",
    }
}

/// The title of an event of this kind.
pub fn kind_title(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Micro => "Micro-expression",
        EventKind::Macro => "Macro-expression",
    }
}

/// Who found an event.
pub fn origin_text(origin: &Origin) -> String {
    match origin {
        Origin::Model => "found by the model".into(),
        Origin::Truth => "known from the generator".into(),
        Origin::Annotator(name) => format!("marked by {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast ratio of the Web Content Accessibility Guidelines 2.1, 1–21.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |c: Color32| {
            let linear = |v: u8| {
                let v = f32::from(v) / 255.0;
                if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn what_is_wrong_is_named_and_good_is_said_once() {
        let told = [Trouble::NONE, Trouble::BLINK, Trouble::NO_FACE].map(Grade::words);
        assert_eq!(told, ["good", "suspect: blink", "not scored: no face"]);
    }

    #[test]
    fn words_stand_out_from_every_ground() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            for ground in [theme.ground, theme.surface, theme.raised, theme.chosen] {
                assert!(contrast(theme.text, ground) >= 7.0);
                assert!(contrast(theme.faint, ground) >= 4.5, "{:?} {ground:?}", theme.faint);
            }
        }
    }

    #[test]
    fn states_stand_out_from_the_surface() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            let colors = [
                theme.micro,
                theme.macro_,
                theme.good,
                theme.suspect,
                theme.bad,
                theme.fault,
                theme.accent,
            ];
            for color in colors {
                assert!(contrast(color, theme.surface) >= 4.5, "{color:?}");
            }
        }
    }

    #[test]
    fn the_scales_begin_at_the_ground_and_take_any_number() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            assert_eq!(theme.diverging(0.0), theme.surface);
            assert_eq!(theme.heat(0.0), theme.surface);
            assert_eq!(theme.diverging(f32::NAN), theme.surface);
            assert_eq!(theme.heat(9.0), theme.heat(1.0));
            assert_ne!(theme.diverging(-1.0), theme.diverging(1.0));
        }
    }

    #[test]
    fn troubled_frames_are_suspect_and_unscorable_ones_are_not_scored() {
        assert_eq!(Grade::of(Trouble::NONE), Grade::Good);
        assert_eq!(Grade::of(Trouble::BLINK), Grade::Suspect);
        assert_eq!(Grade::of(Trouble::BLINK.with(Trouble::NO_FACE)), Grade::Unscorable);
    }
}
