//! A market whose prices wander.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::clock::timestamp;
use crate::dice::Dice;

/// Makes quotes, one after the other.
#[derive(Debug)]
pub struct Market {
    dice: Dice,
    /// Prices in cents: sums of them are exact.
    cents: BTreeMap<&'static str, u64>,
}

/// `finance:quote`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quote {
    /// The share.
    pub symbol: &'static str,
    /// What it costs.
    pub price: f64,
    /// By how much that is more than when the market opened.
    pub change: f64,
    /// How many were sold for it.
    pub volume: u64,
    /// When.
    pub timestamp: String,
}

impl Market {
    /// Opens the market.
    pub fn new(dice: Dice) -> Self {
        Self { dice, cents: BTreeMap::new() }
    }

    /// Sells some shares; their price moves by at most a thousandth.
    pub fn next_quote(&mut self) -> Quote {
        let (symbol, open) = self.dice.pick(&SHARES);
        let cents = self.cents.entry(symbol).or_insert(open);
        let step = (*cents / 1_000).max(1);
        let moved = *cents + self.dice.within(0..=2 * step);
        *cents = moved.saturating_sub(step).max(LOWEST_CENTS);
        Quote {
            symbol,
            price: in_units(*cents),
            change: difference(*cents, open),
            volume: self.dice.within(1..=100) * 10,
            timestamp: timestamp(),
        }
    }
}

/// Of cents, so that it has no more than two decimals.
fn difference(cents: u64, open: u64) -> f64 {
    let size = in_units(cents.abs_diff(open));
    if cents < open { -size } else { size }
}

fn in_units(cents: u64) -> f64 {
    f64::from(u32::try_from(cents).unwrap_or(u32::MAX)) / 100.0
}

const LOWEST_CENTS: u64 = 1;

/// The symbols, and their prices in cents when the market opens.
const SHARES: [(&str, u64); 8] = [
    ("ALDR", 18_240),
    ("BRCH", 9_615),
    ("CEDR", 42_105),
    ("ELMS", 2_930),
    ("HZEL", 31_480),
    ("LRCH", 6_710),
    ("MAPL", 129_955),
    ("WLLW", 15_375),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn quotes(seed: u64) -> Vec<(&'static str, f64, u64)> {
        let mut market = Market::new(Dice::new(seed, "market"));
        let quotes = (0..1_000).map(|_| market.next_quote());
        quotes.map(|quote| (quote.symbol, quote.price, quote.volume)).collect()
    }

    #[test]
    fn same_seed_gives_the_same_quotes() {
        assert_eq!(quotes(7), quotes(7));
        assert_ne!(quotes(7), quotes(8));
    }

    #[test]
    fn change_counts_from_the_opening_and_prices_move_a_little() {
        let mut market = Market::new(Dice::new(3, "market"));
        let mut last = BTreeMap::from(SHARES.map(|(symbol, cents)| (symbol, in_units(cents))));
        for _ in 0..10_000 {
            let quote = market.next_quote();
            let before = last.insert(quote.symbol, quote.price).expect("a known symbol");
            assert!((quote.price - before).abs() <= before / 1_000.0 + 0.001, "{quote:?}");
            let (_, open) = SHARES.into_iter().find(|share| share.0 == quote.symbol).unwrap();
            assert!((quote.price - quote.change - in_units(open)).abs() < 1e-6, "{quote:?}");
            assert!(format!("{:.2}", quote.change).parse() == Ok(quote.change), "{quote:?}");
        }
        assert_eq!(last.len(), SHARES.len());
    }
}
