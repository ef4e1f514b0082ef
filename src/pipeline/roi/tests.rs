//! Facts about region motion.

use super::*;

#[test]
fn mirroring_twice_changes_nothing() {
    for (i, m) in MIRRORED.into_iter().enumerate() {
        assert_eq!(MIRRORED[m], i);
    }
}
