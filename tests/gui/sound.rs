//! Sound in the window: the line of the consent, the waveform, and what is heard.

use super::review::{reviewing, reviewing_with_sound};
use super::*;
use fleeting::app::review::outside::SessionSound;
use fleeting::engine::live::record::{RecordState, RecordingStatus, SoundState};
use fleeting::media::sound::Outline;

/// What the loudspeaker was asked for: a time to play from, or silence.
pub(super) type Heard = Arc<Mutex<Vec<Option<Timestamp>>>>;

/// Sound that is loud in every second second.
pub(super) struct Loud {
    pub(super) heard: Heard,
    pub(super) fault: Option<String>,
    pub(super) outline: Option<Outline>,
}

impl Loud {
    pub(super) fn new(heard: &Heard, fault: Option<&str>) -> Self {
        let mut outline = Outline::new(8000);
        for second in 0..60 {
            outline.push(&vec![if second % 2 == 0 { 200 } else { 24_000 }; 8000]);
        }
        let fault = fault.map(str::to_owned);
        Self { heard: Arc::clone(heard), fault, outline: Some(outline) }
    }
}

impl SessionSound for Loud {
    fn play(&mut self, from: Timestamp) {
        self.heard.lock().expect("one thread").push(Some(from));
    }

    fn hush(&mut self) {
        self.heard.lock().expect("one thread").push(None);
    }

    fn outline(&mut self) -> Option<Outline> {
        self.outline.take()
    }

    fn fault(&mut self) -> Option<String> {
        // It is found out when something is to be heard.
        let is_tried = !self.heard.lock().expect("one thread").is_empty();
        self.fault.take_if(|_| is_tried)
    }
}

fn taken(heard: &Heard) -> Vec<Option<Timestamp>> {
    std::mem::take(&mut heard.lock().expect("one thread"))
}

#[test]
fn sound_is_heard_with_the_pictures_at_the_real_speed_and_at_no_other() {
    let (mut window, heard) = reviewing_with_sound(None);
    assert!(window.has("Waveform") && window.has("plays with the pictures"));
    assert_eq!(taken(&heard), [], "nothing plays");
    window.press(Modifiers::NONE, Key::Space);
    let played = taken(&heard);
    let [Some(from)] = played[..] else { panic!("{played:?}") };
    let at = window.harness.state().state.review.playback.at().expect("a frame").time;
    assert!((0.0..5.0).contains(&at.secs_since(from)), "from {from}, the pictures are at {at}");
    window.press(Modifiers::NONE, Key::Space);
    assert_eq!(taken(&heard), [None]);
    for (key, presses) in [(Key::L, 2), (Key::J, 1), (Key::R, 1)] {
        window.press(Modifiers::NONE, Key::K);
        taken(&heard);
        (0..presses).for_each(|_| window.press(Modifiers::NONE, key));
        assert!(window.has("muted: it plays at the real speed only"), "{key:?}");
        // The first L plays at the real speed.
        assert!(taken(&heard).last().is_none_or(Option::is_none), "{key:?}");
    }
}

#[test]
fn a_step_while_it_plays_hushes_it_and_play_begins_where_the_pictures_are() {
    let (mut window, heard) = reviewing_with_sound(None);
    window.press(Modifiers::NONE, Key::Space);
    window.press(Modifiers::NONE, Key::ArrowRight);
    assert_eq!(taken(&heard).last(), Some(&None));
    window.harness.state_mut().state.apply(Command::PutCursor(20.0));
    window.settle();
    window.press(Modifiers::NONE, Key::Space);
    let played = taken(&heard);
    assert!(matches!(played[..], [Some(from)] if (from.secs() - 20.0).abs() < 0.05), "{played:?}");
    window.harness.state_mut().state.apply(Command::ShowTab(Tab::Live));
    window.settle();
    assert_eq!(taken(&heard), [None], "no sound from a tab that is not seen");
}

#[test]
fn it_is_muted_by_key_and_by_click_and_stays_muted() {
    let (mut window, heard) = reviewing_with_sound(None);
    window.press(Modifiers::NONE, Key::S);
    assert!(window.has("muted") && window.has("Unmute"));
    window.press(Modifiers::NONE, Key::Space);
    assert_eq!(taken(&heard), []);
    window.click("Unmute");
    assert!(matches!(taken(&heard)[..], [Some(_)]));
    window.click("Mute");
    assert_eq!(taken(&heard), [None]);
}

#[test]
fn without_a_sound_server_it_says_so_once_and_quietly() {
    let (mut window, _) = reviewing_with_sound(Some("no sound server answers (none is running)"));
    window.press(Modifiers::NONE, Key::Space);
    let told = "The sound of this session is not played: no sound server answers";
    assert!(window.has(told) && window.has("this computer plays no sound"));
    let mut log = window.harness.state().state.messages.log();
    assert_eq!(log.by_ref().filter(|message| message.text.contains(told)).count(), 1);
}

#[test]
fn a_session_without_sound_has_no_row_for_it_and_no_mute() {
    let (mut window, _) = reviewing(&[2.0], true);
    assert!(!window.has("Waveform") && !window.has("Mute"));
    window.press(Modifiers::NONE, Key::S);
    assert!(!window.harness.state().state.review.sound.is_muted);
}

#[test]
fn sound_has_a_line_of_its_own_in_the_consent_and_is_off() {
    let mut window = Window::live(60, &[]);
    window.press(Modifiers::COMMAND | Modifiers::CTRL, Key::R);
    let form = &mut window.harness.state_mut().state.records.form;
    (form.who, form.purpose) = ("P01".into(), "a pilot".into());
    window.settle();
    window.click("They agree: record");
    let orders = |window: &Window| -> Vec<_> {
        let asked = window.asked().into_iter();
        asked
            .filter_map(|command| match command {
                EngineCommand::Record(order) => Some(*order),
                _ => None,
            })
            .collect()
    };
    let first = orders(&window).pop().expect("an order");
    assert!(first.sound.is_none() && !first.consent.expect("asked for").with_sound);

    window.press(Modifiers::COMMAND | Modifiers::CTRL, Key::R);
    window.click("They agree to sound: record it too");
    window.click("They agree: record");
    let second = orders(&window).pop().expect("an order");
    assert!(second.sound.is_some() && second.consent.expect("asked for").with_sound);

    let status = |sound| {
        Update::Recording(Box::new(RecordingStatus {
            folder: "P01.fleeting".into(),
            state: RecordState::Running,
            secs: 61.0,
            bytes: 34_000_000,
            free_bytes: None,
            left_secs: None,
            sound: Some(sound),
        }))
    };
    window.say([status(SoundState::Heard { loudest: 0.3, lost_secs: 0.0 })]);
    assert!(window.has("Storage: REC 1:01, with sound, 34 MB"));
    let nothing = SoundState::Nothing("no sound server answers (none is running)".into());
    window.say([status(nothing.clone()), status(nothing)]);
    assert!(window.has("Storage: REC 1:01, NO SOUND"));
    assert!(window.has("No sound is recorded: no sound server answers"));
    window.say([status(SoundState::Heard { loudest: 0.3, lost_secs: 3.0 })]);
    let mut log = window.harness.state().state.messages.log();
    assert!(log.any(|line| line.text == "Sound is recorded now."));
    let mut log = window.harness.state().state.messages.log();
    let told = log.by_ref().filter(|line| line.text.starts_with("No sound is recorded")).count();
    assert_eq!(told, 1, "once, not each second");
}
