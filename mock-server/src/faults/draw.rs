//! What rules draw: it depends on the seed and on which moment it is, and on nothing else that happens.

use super::book::Place;
use super::rule::Direction;

/// Returns a number that belongs to the `nth` moment of the rule `id` at a place.
#[must_use]
pub fn draw(seed: u64, id: &str, place: Place, nth: u64) -> u64 {
    // FNV-1a: unlike the standard hasher it is the same in every build.
    let id = id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let direction = match place.direction {
        Direction::ClientToServer => 1,
        Direction::ServerToClient => 2,
    };
    [id, place.connection, direction, nth].into_iter().fold(seed, |mixed, part| mix(mixed ^ part))
}

/// Whether a number that was drawn is within a share, from 0 to 1.
#[must_use]
pub fn within(drawn: u64, share: f64) -> bool {
    // 53 bits are what a float holds.
    let unit = (drawn >> 11) as f64 / (1_u64 << 53) as f64;
    unit < share
}

/// The finish of `SplitMix64`: every bit of the result depends on every bit of the value.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(seed: u64, id: &str, nth: u64) -> u64 {
        draw(seed, id, Place { connection: 1, direction: Direction::ServerToClient }, nth)
    }

    #[test]
    fn the_same_moment_draws_the_same_and_others_do_not() {
        assert_eq!(drawn(7, "a", 1), drawn(7, "a", 1));
        for other in [drawn(8, "a", 1), drawn(7, "b", 1), drawn(7, "a", 2)] {
            assert_ne!(drawn(7, "a", 1), other);
        }
    }

    #[test]
    fn a_share_is_about_what_it_says() {
        let count = (0..10_000).filter(|nth| within(drawn(7, "a", *nth), 0.3)).count();
        assert!((2_800..3_200).contains(&count), "{count}");
        assert!(!within(0, 0.0) && within(u64::MAX, 1.0));
    }
}
