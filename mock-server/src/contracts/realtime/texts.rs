//! What is found and written.

use serde_json::{Value, json};

use crate::dice::Dice;

/// Makes up something that was found.
pub fn result(query: &str, index: u64, dice: &Dice) -> Value {
    let (kind, words) = dice.pick(&[
        ("guide", "a guide in seven steps"),
        ("forum", "somebody had the same question"),
        ("reference", "every option, with its default"),
        ("article", "what nobody tells you"),
    ]);
    json!({
        "title": format!("{query}: {words}"),
        "url": format!("https://example.com/{kind}/{}", dice.id("page")),
        // The best comes first.
        "score": 100 - 10 * index.min(9) - dice.within(0..=9),
    })
}

/// Makes up what a model writes, in the pieces in which it comes.
pub fn chunks(query: &str, dice: &Dice) -> Vec<String> {
    let sentences = (0..dice.within(3..=6)).map(|_| sentence(query, dice));
    let text = sentences.collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    words.chunks(WORDS_PER_CHUNK).map(<[&str]>::concat).collect()
}

fn sentence(query: &str, dice: &Dice) -> String {
    let opening =
        dice.pick(&["In short,", "As far as is known,", "Most sources agree that", "Yet"]);
    let middle = dice.pick(&["depends on", "has little to do with", "is explained by", "precedes"]);
    let end = dice.pick(&["the weather.", "how it is measured.", "what one expects.", "luck."]);
    format!("{opening} {query} {middle} {end}")
}

const WORDS_PER_CHUNK: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_gives_the_same_text_and_nothing_of_it_is_lost_in_pieces() {
        let text = |seed| chunks("salmon", &Dice::new(seed, "texts"));
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
        assert!(text(7).len() > 3);
        let whole = text(7).concat();
        assert!(whole.ends_with('.') && !whole.contains("  "), "{whole}");
    }

    #[test]
    fn scores_fall() {
        let dice = Dice::new(3, "texts");
        let scores: Vec<_> = (0..9).map(|n| result("a", n, &dice)["score"].as_u64()).collect();
        assert!(scores.is_sorted_by(|a, b| a > b), "{scores:?}");
    }
}
