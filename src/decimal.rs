//! Numbers as text. The formatting of the standard library takes twenty times the code.

/// Writes a whole number.
///
/// ```
/// assert_eq!(sockeye::decimal::decimal(1_024), "1024");
/// ```
#[must_use]
pub fn decimal(number: u64) -> String {
    let mut text = String::new();
    let mut left = number;
    loop {
        // The remainder is one digit.
        text.insert(0, char::from(b'0' + (left % 10) as u8));
        left /= 10;
        if left == 0 {
            return text;
        }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writes_the_smallest_and_the_largest_number() {
        assert_eq!(decimal(0), "0");
        assert_eq!(decimal(u64::MAX), u64::MAX.to_string());
    }

    proptest! {
        #[test]
        fn writes_what_the_standard_library_writes(number: u64, shift in 0_u32..64) {
            prop_assert_eq!(decimal(number >> shift), (number >> shift).to_string());
        }
    }
}
