//! Numbers read from files. A number that is too large for its type reads as infinite. Nothing can be
//! computed with infinity and JSON cannot hold it, so it is an error here. For `#[serde(deserialize_with)]`.

use serde::de::{Deserialize, Deserializer, Error};

/// Names such a number in an error text, after "found".
pub(crate) const TOO_LARGE: &str = "a number that is too large";

/// The measured value; NaN if nothing was measured.
pub(crate) fn measured(value: Option<f32>) -> f32 {
    value.filter(|value| value.is_finite()).unwrap_or(f32::NAN)
}

/// One finite number.
pub(crate) fn one<'de, D: Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
    f32::deserialize(from).and_then(checked)
}

/// Three finite numbers.
pub(crate) fn three<'de, D: Deserializer<'de>>(from: D) -> Result<[f32; 3], D::Error> {
    let numbers = <[f32; 3]>::deserialize(from)?;
    numbers.into_iter().try_for_each(|number| checked(number).map(drop))?;
    Ok(numbers)
}

fn checked<E: Error>(number: f32) -> Result<f32, E> {
    number.is_finite().then_some(number).ok_or_else(|| E::custom(TOO_LARGE))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Numbers {
        #[serde(deserialize_with = "super::one")]
        one: f32,
        #[serde(deserialize_with = "super::three")]
        three: [f32; 3],
    }

    #[test]
    fn numbers_read_as_they_are_unless_one_is_too_large() {
        let read = |text: &str| serde_json::from_str::<Numbers>(text);
        let numbers = read(r#"{"one": 0.5, "three": [1, -2, 3e38]}"#).expect("numbers");
        assert_eq!(numbers, Numbers { one: 0.5, three: [1.0, -2.0, 3e38] });
        for text in
            [r#"{"one": 1e39, "three": [1, 2, 3]}"#, r#"{"one": 0, "three": [1, -1e39, 3]}"#]
        {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains("too large") && error.contains("line 1"), "{error}");
        }
    }
}
