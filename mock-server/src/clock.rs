//! The wall clock, in the forms that clients are told.

use jiff::Timestamp;

/// Returns the current time as ISO-8601 in UTC with milliseconds, as `Date.prototype.toISOString` does.
pub fn timestamp() -> String {
    format!("{:.3}", Timestamp::now())
}

/// Returns the milliseconds since 1970.
pub fn milliseconds() -> i64 {
    Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_milliseconds_and_ends_in_z() {
        let text = timestamp();
        assert_eq!(text.len(), "2026-01-02T03:04:05.678Z".len(), "{text}");
        assert!(text.ends_with('Z') && text.as_bytes()[19] == b'.', "{text}");
    }
}
