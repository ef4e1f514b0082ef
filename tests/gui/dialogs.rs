//! Every dialog of the list of panels: keys go to it and to nothing behind it.

use super::review::{opened, reviewing};
use super::*;
use fleeting::app::analyse::AnalyseCommand;
use fleeting::app::review::command::ReviewCommand as Review;
use fleeting::session::annotation::Target;

/// All dialogs, each in every tab in which it can be opened.
fn dialogs() -> Vec<(Tab, Floating, &'static str)> {
    let floating = |tab: Tab| {
        panels_of(tab).filter_map(move |panel| match panel.slot {
            Slot::Floating(floating) => Some((tab, floating, panel.name)),
            _ => None,
        })
    };
    Tab::ALL.into_iter().flat_map(floating).collect()
}

/// A window with this dialog open, as a command opens it.
fn open(tab: Tab, floating: Floating) -> Window {
    let mut window = match (tab, floating) {
        (Tab::Review, Floating::Who) => opened(&[2.0, 5.0], true).0,
        (Tab::Review, _) => reviewing(&[2.0, 5.0], true).0,
        _ => Window::live(300, &[2.0, 5.0]),
    };
    let state = &mut window.harness.state_mut().state;
    state.apply(Command::ShowTab(tab));
    match floating {
        Floating::Note if tab == Tab::Review => state.apply(Command::Review(Review::Write)),
        Floating::Note => state.apply(Command::Mark { with_words: true }),
        Floating::Units => state.apply(Command::Review(Review::Units)),
        Floating::Who => state.apply(Command::Review(Review::Mark)),
        Floating::FinishBlind => {
            let blind = Review::BeRater { name: "Ben".into(), blind: true };
            state.apply(Command::Review(blind));
            state.apply(Command::Review(Review::AskUnblind));
        }
        Floating::TypedPath => {
            window.picks.replace(Picked::NoDialog);
            state.apply(match tab {
                Tab::Live => Command::PickVideo,
                Tab::Review => Command::Review(Review::PickSession),
                Tab::Analyse => Command::Analyse(AnalyseCommand::PickVideo),
            });
        }
        other => state.apply(Command::ToggleWindow(other)),
    }
    window.settle();
    window.settle();
    window
}

/// What a key for a dialog must not change.
fn behind(window: &Window) -> String {
    let state = &window.harness.state().state;
    let (live, review) = (&state.live, &state.review);
    let rows: Vec<_> = review.list.rows.iter().map(|r| (r.verdict, r.label, r.bounds)).collect();
    format!(
        "{:?}",
        (
            (&live.phase, &state.settings, state.tab, live.view.picked, live.view.cursor),
            (live.loops, live.view.timeline, state.view().marks.len(), window.asked()),
            (rows, review.view.picked, review.playback.at(), review.playback.motion()),
            (review.view.timeline, review.view.session.log.entries().len()),
            (&review.rating.layer, &review.list.filter),
        )
    )
}

fn has_a_field(window: &Window, name: &str) -> bool {
    let dialog = window.harness.get_by_role_and_label(egui::Role::Pane, name);
    let roles = dialog.children_recursive();
    roles.into_iter().any(|node| node.accesskit_node().role() == egui::Role::TextInput)
}

/// The keys without Ctrl of all commands of a tab, except those that the dialog itself uses.
fn single_keys(tab: Tab, floating: Floating) -> Vec<Chord> {
    let own = [Key::Escape, Key::Enter, Key::Space];
    let here = entries().filter(|e| e.tabs.contains(&tab));
    let here = here.filter(|e| e.command != Command::ToggleWindow(floating));
    let chords = here.flat_map(|e| e.keys.iter().copied());
    chords.filter(|c| !c.modifiers.command && !own.contains(&c.key)).collect()
}

#[test]
fn no_single_key_acts_behind_a_dialog() {
    for (tab, floating, name) in dialogs() {
        let mut window = open(tab, floating);
        assert!(window.has(name), "{name} in {tab:?} is not open");
        let before = behind(&window);
        for is_field_left in [false, true] {
            for chord in single_keys(tab, floating) {
                if is_field_left {
                    window.harness.ctx.memory_mut(|m| m.stop_text_input());
                }
                window.harness.key_press_modifiers(chord.modifiers, chord.key);
                window.harness.run_steps(2);
                assert_eq!(behind(&window), before, "{name} in {tab:?}: {}", chord.text());
                let open = window.harness.state().state.floating;
                assert_eq!(open, Some(floating), "{name} in {tab:?}: {}", chord.text());
            }
        }
    }
}

#[test]
fn the_first_field_of_a_dialog_has_the_focus_and_takes_what_is_typed() {
    for (tab, floating, name) in dialogs() {
        let mut window = open(tab, floating);
        if !has_a_field(&window, name) {
            continue;
        }
        let before = behind(&window);
        let dialog = window.harness.get_by_role_and_label(egui::Role::Pane, name);
        let first = dialog
            .children_recursive()
            .into_iter()
            .find(|node| node.accesskit_node().role() == egui::Role::TextInput);
        let first = first.expect("it has a field").accesskit_node();
        let label = first.label().unwrap_or_default();
        assert!(first.is_focused(), "{name} in {tab:?}: the field “{label}” has no focus");
        for (key, text) in [(Key::R, "R"), (Key::Num2, "2")] {
            window.harness.key_press(key);
            window.harness.event(egui::Event::Text(text.into()));
            window.harness.run_steps(2);
        }
        let field = window.harness.get_by_role_and_label(egui::Role::TextInput, &label);
        let typed = field.value().unwrap_or_default();
        assert!(typed.ends_with("R2"), "{name} in {tab:?}: “{label}” holds “{typed}”");
        assert_eq!(behind(&window), before, "{name} in {tab:?}");
    }
}

#[test]
fn tab_stays_inside_a_dialog() {
    for (tab, floating, name) in dialogs() {
        let mut window = open(tab, floating);
        let behind: Vec<_> = panels_of(tab)
            .filter(|panel| !matches!(panel.slot, Slot::Floating(_)))
            .filter(|panel| !matches!(panel.slot, Slot::Plot { shown: PlotUse::WithSound, .. }))
            .map(|panel| panel.name)
            .collect();
        let mut reached = 0;
        for modifiers in [Modifiers::NONE; 40].into_iter().chain([Modifiers::SHIFT; 3]) {
            window.harness.key_press_modifiers(modifiers, Key::Tab);
            window.harness.run_steps(2);
            for pane in &behind {
                let pane = window.harness.get_by_role_and_label(egui::Role::Pane, pane);
                let inside = pane.children_recursive();
                let focused = inside.into_iter().find(|node| node.accesskit_node().is_focused());
                let focused = focused.map(|node| node.accesskit_node().label());
                assert_eq!(focused, None, "{name} in {tab:?}: Tab went behind it");
            }
            reached += usize::from(window.harness.ctx.memory(|m| m.focused()).is_some());
        }
        assert!(reached > 0, "{name} in {tab:?}: Tab reaches nothing");
    }
}

#[test]
fn esc_closes_every_dialog() {
    for (tab, floating, name) in dialogs() {
        let mut window = open(tab, floating);
        assert_eq!(window.harness.state().state.floating, Some(floating), "{name}");
        window.press(Modifiers::NONE, Key::Escape);
        assert_eq!(window.harness.state().state.floating, None, "{name} in {tab:?}");
    }
}

#[test]
fn esc_closes_an_open_menu_and_single_keys_do_not_act_behind_it() {
    for tab in Tab::ALL {
        for group in Group::ALL {
            let here = || entries().filter(move |e| e.group == group && e.tabs.contains(&tab));
            let Some(entry) = here().next() else { continue };
            let mut window = match tab {
                Tab::Review => reviewing(&[2.0, 5.0], true).0,
                _ => Window::live(300, &[2.0, 5.0]),
            };
            window.harness.state_mut().state.apply(Command::ShowTab(tab));
            window.settle();
            let is_open = |window: &Window| {
                let items = window.harness.query_all_by_label_contains(entry.name);
                items.count() > 0 && egui::Popup::is_any_open(&window.harness.ctx)
            };
            window.harness.get_by_role_and_label(egui::Role::Button, group.name()).click();
            window.settle();
            assert!(is_open(&window), "{tab:?}, {}", group.name());
            let before = behind(&window);
            for chord in single_keys(tab, Floating::Palette) {
                if matches!(chord.key, Key::ArrowUp | Key::ArrowDown) {
                    continue;
                }
                window.harness.key_press_modifiers(chord.modifiers, chord.key);
                window.harness.run_steps(2);
                assert_eq!(behind(&window), before, "{tab:?}, {}: {}", group.name(), chord.text());
            }
            window.press(Modifiers::NONE, Key::Escape);
            assert!(!is_open(&window), "{tab:?}, {}: Esc leaves it open", group.name());
        }
    }
}

#[test]
fn a_path_is_typed_in_the_source_menu_and_no_key_of_it_acts() {
    let mut window = Window::live(300, &[2.0]);
    window.harness.get_by_label_contains("Source: demo").click();
    window.settle();
    let before = behind(&window);
    for (key, text) in [(Key::P, "p"), (Key::M, "m"), (Key::Space, " "), (Key::Comma, ",")] {
        window.harness.key_press(key);
        window.harness.event(egui::Event::Text(text.into()));
        window.harness.run_steps(2);
    }
    assert_eq!(behind(&window), before);
    assert_eq!(window.harness.state().state.live.path.text(), "pm ,", "the field has the focus");
}

#[test]
fn finishing_blind_work_asks_before_it_shows_anything() {
    let (mut window, _) = reviewing(&[2.0, 5.0], true);
    let blind = Review::BeRater { name: "Ben".into(), blind: true };
    window.harness.state_mut().state.apply(Command::Review(blind));
    window.harness.state_mut().state.apply(Command::ToggleWindow(Floating::Raters));
    window.settle();
    window.harness.get_by_label_contains("Finish blind work").click();
    window.settle();
    assert!(window.harness.state().state.review.is_blind(), "one click does not end it");
    window.press(Modifiers::NONE, Key::Escape);
    assert!(window.harness.state().state.review.is_blind());
}

#[test]
fn a_blind_rater_sees_no_value_of_the_model() {
    let (mut window, _) = reviewing(&[2.0, 5.0], true);
    assert!(window.has("Region motion strip") && window.has("Moving most from onset to apex"));
    let blind = Review::BeRater { name: "Ben".into(), blind: true };
    window.harness.state_mut().state.apply(Command::Review(blind));
    window.harness.state_mut().state.apply(Command::Review(Review::Seek(2.2)));
    window.harness.state_mut().state.apply(Command::Review(Review::Add));
    window.settle();
    let picked = window.harness.state().state.review.view.picked;
    assert!(matches!(picked, Some(Target::Own(_))), "an event of one's own is in the card");
    let shown =
        ["Region motion strip", "Moving most", "Motion in the event", "Quality strip", "model:"];
    for hidden in shown {
        assert!(!window.has(hidden), "{hidden}");
    }
}

#[test]
fn a_file_dialog_that_is_not_to_be_had_says_so_and_takes_a_typed_path() {
    let mut window = Window::open_without_dialogs(Some("demo"));
    window.press(Modifiers::COMMAND | Modifiers::CTRL, Key::O);
    assert!(window.has("no file dialog"));
    write(&mut window, "Cargo.toml");
    window.press(Modifiers::NONE, Key::Enter);
    let started = window.started.borrow().last().map(ToString::to_string);
    assert_eq!(started, Some("video:Cargo.toml".into()));
    assert_eq!(window.harness.state().state.floating, None);
    window.press(Modifiers::COMMAND | Modifiers::CTRL, Key::O);
    write(&mut window, "no such film.mp4");
    window.press(Modifiers::NONE, Key::Enter);
    assert!(
        window.has("no such film.mp4: no such file or folder"),
        "the dialog says why and stays"
    );
}

fn write(window: &mut Window, text: &str) {
    window.harness.event(egui::Event::Text(text.into()));
    window.settle();
}
