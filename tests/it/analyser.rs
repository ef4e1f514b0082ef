//! What the stand-ins for the pipeline share.

/// Inside `impl Analyser`: a stand-in whose threshold is this score for both kinds, whatever it is told.
#[macro_export]
macro_rules! follows_no_setting {
    ($score:expr) => {
        fn set_false_alarms_per_minute(&mut self, _: f32) {}

        fn threshold(&self) -> fleeting::measure::sample::Score {
            fleeting::measure::sample::Score { micro: $score, macro_: $score }
        }

        fn set_baseline(&mut self, _: &fleeting::measure::baseline::Baseline) {}
        fn drop_baseline(&mut self) {}
    };
}
