//! The fingerprints of `src/web/identity.js`, so that tests meet those that pages have.

/// Mixes the UTF-16 units of a text in two ways, from two seeds, to 64 bits.
///
/// `identity.js` says why it is done like this.
pub(super) fn fingerprint(text: &str, seeds: [u32; 2]) -> u64 {
    let [mut high, mut low] = seeds;
    for unit in text.encode_utf16().map(u32::from) {
        high = (high ^ unit).wrapping_mul(0x9E37_79B1);
        high ^= high >> 15;
        low = (low ^ unit).wrapping_mul(0x5F35_6495);
        low ^= low >> 13;
    }
    let high = mix_own(high) ^ mix_other(low);
    let low = mix_own(low) ^ mix_other(high);
    u64::from(high) << 32 | u64::from(low)
}

fn mix_own(half: u32) -> u32 {
    (half ^ (half >> 16)).wrapping_mul(0x85EB_CA6B)
}

fn mix_other(half: u32) -> u32 {
    (half ^ (half >> 13)).wrapping_mul(0xC2B2_AE35)
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::fingerprint;
    use serde_json::Value;

    const SEEDS: [u32; 2] = [0x1234_5678, 0x0F0F_0F0F];
    const EACH: u64 = 1 << 17;

    /// Ids as servers make them, and texts whose characters differ in one bit.
    const SHAPES: [fn(u64) -> String; 8] = [
        |n| format!("#{n}"),
        |n| format!("job-{n:09}"),
        |n| format!("{n:08x}-0000-4000-8000-000000000000"),
        |n| format!("room-{}/epoch/{}", n & 1_023, n >> 10),
        |n| format!("10:{:02}.{:03}Z/{}", n % 60, n / 60 % 1_000, n / 60_000),
        |n| format!("{n:017b}"),
        |n| bits(n, '@', '`'),
        |n| bits(n, 'a', 'b'),
    ];

    fn bits(number: u64, zero: char, one: char) -> String {
        (0..30).map(|bit| if number >> bit & 1 == 0 { zero } else { one }).collect()
    }

    /// How many values there are already.
    fn repeated(values: impl Iterator<Item = u64>) -> usize {
        let mut values: Vec<_> = values.collect();
        values.sort_unstable();
        values.windows(2).filter(|pair| pair.first() == pair.last()).count()
    }

    #[test]
    fn tells_a_million_structured_ids_apart_with_every_half_as_good_as_chance() {
        let of = |(nth, shape): (usize, &fn(u64) -> String)| {
            let shape = *shape;
            (0..EACH).map(move |n| fingerprint(&format!("{nth}{}", shape(n)), SEEDS))
        };
        let all: Vec<_> = SHAPES.iter().enumerate().flat_map(of).collect();
        assert_eq!(repeated(all.iter().copied()), 0);
        for turn in [0, 16, 32, 48] {
            // Of 2^20 values of 32 bits 128 are repeated by chance, give or take 11.
            let count = repeated(all.iter().map(|all| all.rotate_left(turn) & 0xFFFF_FFFF));
            assert!((70..190).contains(&count), "{count} repeated after {turn} bits");
        }
    }

    #[test]
    fn tells_texts_apart_that_differ_in_the_highest_bits_of_their_characters() {
        let mixed = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 30;
        let text = |n| bits(mixed(n), '\u{4E00}', '\u{CE00}');
        let all = (0..4 * EACH).map(|n| fingerprint(&text(n), SEEDS));
        assert_eq!(repeated(all), 0);
    }

    #[test]
    fn uses_each_bit_as_often_as_not() {
        let mut ones = [0_u64; 64];
        for n in 0..EACH {
            let value = fingerprint(&format!("job-{n}"), [1, 2]);
            ones.iter_mut().enumerate().for_each(|(bit, count)| *count += value >> bit & 1);
        }
        // Half of them, give or take 181.
        assert!(ones.iter().all(|count| count.abs_diff(EACH / 2) < 1_000), "{ones:?}");
    }

    #[test]
    fn is_the_fingerprint_of_the_page() {
        let table = include_str!("../../tests/contract/fingerprints.json");
        let table: Value = serde_json::from_str(table).unwrap_or_default();
        let rows = table.as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(rows.len() >= 6, "{}", rows.len());
        for row in rows {
            let number = |name, nth: usize| {
                let number = row.get(name).and_then(|pair| pair.get(nth)).and_then(Value::as_u64);
                number.and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
            };
            let text = row.get("text").and_then(Value::as_str).unwrap_or_default();
            let own = fingerprint(text, [number("seeds", 0), number("seeds", 1)]);
            let page = u64::from(number("halves", 0)) << 32 | u64::from(number("halves", 1));
            assert_eq!(own, page, "{text}");
        }
    }
}
