//! The agreement of two layers, with what a reader of a kappa should know.

use egui::{Grid, RichText, ScrollArea, Ui};

use crate::app::command::{Command, Floating};
use crate::app::panels::{Panel, Slot};
use crate::app::registry::REVIEW;
use crate::app::review::command::ReviewCommand;
use crate::app::review::rating::RaterLayer;
use crate::app::theme::{Theme, title};
use crate::app::widgets::PanelContext;
use crate::evaluate::MatchCounts;
use crate::evaluate::agreement::{
    Agreement, BoundaryError, IntensityAgreement, IntervalAgreement, Kappa, may_compare,
};

/// The entry in [`crate::app::panels::PANELS`].
pub const PANEL: Panel =
    Panel { name: "Agreement", slot: Slot::Floating(Floating::Agreement), tabs: REVIEW, show };

/// An agreement, and what it was computed from: the two layers, the length of the log, and the number of
/// raters who worked blind.
pub type CachedAgreement = ((RaterLayer, RaterLayer), [usize; 2], Result<Agreement, String>);

fn show(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let theme = Theme::of(ui);
    // A rater who works blind must not see a comparison of others either.
    if let Err(why) =
        may_compare(&cx.state.review.view.session, Some(&cx.state.review.rating.rater))
    {
        ui.label(why.to_string());
        return;
    }
    show_choice(ui, cx);
    let review = &cx.state.review;
    let log = &review.view.session.log;
    let blind = log.raters().iter().filter(|rater| rater.blind).count();
    let (layers, said) = (&review.rating.compared, [log.entries().len(), blind]);
    let kept = cx.cache.agreement.take();
    let kept = kept.filter(|(of, at, _)| of == layers && *at == said);
    let kept = kept.unwrap_or_else(|| (layers.clone(), said, review.agreement()));
    match &kept.2 {
        Ok(agreement) => {
            let high = ui.ctx().content_rect().height() - 240.0;
            ScrollArea::vertical()
                .max_height(high)
                .show(ui, |ui| show_agreement(ui, &theme, agreement));
            cx.button(ui, &Command::Review(ReviewCommand::ExportAgreement));
        }
        Err(why) => drop(ui.label(RichText::new(why).color(theme.fault))),
    }
    cx.cache.agreement = Some(kept);
}

fn show_choice(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        let (first, second) = cx.state.review.rating.compared.clone();
        choose(ui, cx, "Reference", &first, |layer| (layer, second.clone()));
        ui.label("against");
        choose(ui, cx, "Compared", &second, |layer| (first.clone(), layer));
    });
}

fn choose(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    name: &str,
    chosen: &RaterLayer,
    with: impl Fn(RaterLayer) -> (RaterLayer, RaterLayer),
) {
    let raters = cx.state.review.view.session.log.raters().iter();
    let raters: Vec<_> = raters.map(|rater| RaterLayer::Rater(rater.name.clone())).collect();
    ui.menu_button(format!("{name}: {} ▼", chosen.name()), |ui| {
        for layer in std::iter::once(RaterLayer::Model).chain(raters) {
            if ui.selectable_label(layer == *chosen, layer.name()).clicked() {
                let (first, second) = with(layer);
                cx.send(Command::Review(ReviewCommand::Compare(first, second)));
                ui.close();
            }
        }
    });
}

fn show_agreement(ui: &mut Ui, theme: &Theme, agreement: &Agreement) {
    for remark in &agreement.remarks {
        ui.label(RichText::new(format!("! {remark}")).color(theme.suspect));
    }
    ui.add_space(4.0);
    ui.label(title("Events, matched where they overlap by half (IoU ≥ 0.5)"));
    table(ui, "events", &["", "both", "precision", "recall", "F1"], |ui| {
        for (name, counts) in
            [("micro", &agreement.micro), ("macro", &agreement.macro_), ("all", &agreement.all)]
        {
            counts_row(ui, name, counts);
        }
    });
    ui.add_space(4.0);
    ui.label(title("Boundaries of matched events, milliseconds"));
    table(ui, "boundaries", &["", "mean apart", "median apart", "later on average"], |ui| {
        for (name, error) in
            [("onset", &agreement.onset), ("apex", &agreement.apex), ("offset", &agreement.offset)]
        {
            boundary_row(ui, name, error.as_ref());
        }
    });
    ui.add_space(4.0);
    ui.label(title(format!("Cohen’s kappa per frame, {} frames", agreement.frames)));
    kappas(ui, "frames", &agreement.per_frame);
    ui.add_space(4.0);
    let IntervalAgreement { interval_s, intervals, kappas: per_interval, icc_of_counts } =
        &agreement.per_interval;
    let words = format!("Cohen’s kappa per {interval_s:.0} s, {intervals} intervals");
    ui.label(title(words));
    kappas(ui, "intervals", per_interval);
    ui.label(format!("Events per interval: ICC(2,1) {}", number(*icc_of_counts)));
    if let Some(emotion) = &agreement.emotion {
        ui.add_space(4.0);
        let kappa = number(emotion.kappa);
        ui.label(title(format!("Emotions of {} matched events: kappa {kappa}", emotion.events)));
    }
    if agreement.intensity.units > 0 {
        let IntensityAgreement { units, icc } = agreement.intensity;
        ui.label(format!("Intensities of {units} units: ICC(2,1) {}", number(icc)));
    }
    if !agreement.per_label.is_empty() {
        ui.add_space(4.0);
        ui.label(title("Cohen’s kappa per label, over matched events"));
        kappas(ui, "labels", &agreement.per_label);
    }
}

fn table(ui: &mut Ui, name: &str, heads: &[&str], rows: impl FnOnce(&mut Ui)) {
    let faint = Theme::of(ui).faint;
    Grid::new(name).num_columns(heads.len()).min_row_height(17.0).spacing([22.0, 2.0]).show(
        ui,
        |ui| {
            for head in heads {
                ui.label(RichText::new(*head).small().color(faint));
            }
            ui.end_row();
            rows(ui);
        },
    );
}

fn counts_row(ui: &mut Ui, name: &str, counts: &MatchCounts) {
    ui.label(name);
    ui.label(format!("{} of {} and {}", counts.tp, counts.truths, counts.proposals));
    for share in [counts.precision, counts.recall, counts.f1] {
        ui.label(format!("{share:.2}"));
    }
    ui.end_row();
}

fn boundary_row(ui: &mut Ui, name: &str, error: Option<&BoundaryError>) {
    ui.label(name);
    match error {
        Some(BoundaryError { mean_ms, median_ms, bias_ms }) => {
            ui.label(format!("{mean_ms:.0}"));
            ui.label(format!("{median_ms:.0}"));
            ui.label(format!("{bias_ms:+.0}"));
        }
        None => drop(ui.label("none matched")),
    }
    ui.end_row();
}

fn kappas(ui: &mut Ui, name: &str, kappas: &[Kappa]) {
    let heads = ["", "kappa", "at most", "seen", "by chance", "both", "one only", "neither"];
    table(ui, name, &heads, |ui| {
        for kappa in kappas {
            ui.label(&kappa.name);
            ui.label(number(kappa.kappa));
            ui.label(number(kappa.maximum));
            ui.label(format!("{:.3}", kappa.observed));
            ui.label(format!("{:.3}", kappa.expected));
            ui.label(kappa.both.to_string());
            ui.label((kappa.only_first + kappa.only_second).to_string());
            ui.label(kappa.neither.to_string());
            ui.end_row();
        }
    });
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.2}"))
}
