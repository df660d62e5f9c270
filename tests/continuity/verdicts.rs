//! Fresh, resumed, gap: what proves which.

use sockeye::client::readiness::ReadinessConfig;

use sockeye::client::continuity::{NO_EPOCH, Named, Place, Position};

use crate::script::{Script, named, no_replay, place, place_in, position, position_in, replay};

fn plain() -> Script {
    Script::with_hooks(false, false)
}

/// A client with logs that comes back, and was asked since when it wants to know.
fn back() -> Script {
    let mut script = plain().at_five();
    script.down();
    script.accept();
    script.hello(&[]);
    assert_eq!(script.take(), ["probe", "since a/x/5"]);
    script
}

#[test]
fn is_resumed_when_the_log_reaches_from_the_position_to_now() {
    let mut script = back();
    script.event("a", 8);
    script.event("a", 9);
    script.answer(vec![replay("a", 6, 8)]);
    let delivered = ["2 resumed", "deliver a6", "deliver a7", "deliver a8", "deliver a9"];
    assert_eq!(script.take(), [delivered.as_slice(), &["live", "drain"]].concat());
    assert_eq!(script.readiness.repeated(), 1);
}

#[test]
fn is_resumed_when_nothing_was_missed() {
    let mut script = back();
    script.answer(vec![replay("a", 6, 5)]);
    assert_eq!(script.take(), ["2 resumed", "live", "drain"]);
}

#[test]
fn asks_page_by_page() {
    let mut script = back();
    let mut page = replay("a", 6, 7);
    page.more = true;
    script.answer(vec![page]);
    assert_eq!(script.take(), ["since a/x/7"]);
    script.answer(vec![replay("a", 8, 8)]);
    assert_eq!(script.take()[..4], ["2 resumed", "deliver a6", "deliver a7", "deliver a8"]);
}

/// A server may say for some streams that their turn comes with the next page.
#[test]
fn asks_again_for_streams_that_the_page_had_no_room_for() {
    let mut script = plain();
    script.accept();
    script.hello(&[position("a", 5), position("b", 2)]);
    script.down();
    script.accept();
    script.hello(&[]);
    script.take();
    let mut later = replay("b", 3, 2);
    later.more = true;
    script.answer(vec![replay("a", 6, 6), later]);
    assert_eq!(script.take(), ["since b/x/2"]);
    script.answer(vec![replay("b", 3, 3)]);
    assert_eq!(script.take(), ["2 resumed", "deliver a6", "deliver b3", "live", "drain"]);
}

#[test]
fn is_a_gap_when_the_log_was_trimmed_or_began_anew_or_may_not_be_read() {
    for (answer, verdict) in [
        (Some(("x", 9)), "2 gap log_trimmed a:6-9:log_trimmed"),
        (Some(("y", 3)), "2 gap new_epoch a:?-3:new_epoch"),
        (None, "2 gap unreadable a:6-?:unreadable"),
    ] {
        let mut script = back();
        script.answer(vec![no_replay("a", answer)]);
        assert_eq!(script.take(), [verdict, "live", "drain"]);
    }
}

#[test]
fn goes_on_behind_the_gap() {
    let mut script = back();
    script.answer(vec![no_replay("a", Some(("x", 9)))]);
    script.event("a", 9);
    script.event("a", 10);
    assert_eq!(script.take()[3..], ["repeated", "deliver a10"]);
    script.down();
    script.accept();
    script.hello(&[]);
    assert_eq!(script.take(), ["probe", "since a/x/10"]);
}

#[test]
fn delivers_what_was_received_also_where_the_log_says_less() {
    let mut script = back();
    script.event("a", 8);
    script.event("a", 9);
    script.answer(vec![no_replay("a", Some(("x", 9)))]);
    let told = ["2 gap log_trimmed a:6-7:log_trimmed", "deliver a8", "deliver a9", "live", "drain"];
    assert_eq!(script.take(), told);
}

#[test]
fn is_resumed_when_everything_was_received_that_the_log_no_longer_has() {
    let mut script = plain().at_five();
    script.down();
    script.recover(&[6, 7]);
    script.hello(&[]);
    script.answer(vec![no_replay("a", Some(("x", 7)))]);
    let told = ["probe", "since a/x/5", "2 resumed", "deliver a6", "deliver a7", "live", "drain"];
    assert_eq!(script.take(), told);
}

#[test]
fn tells_every_stream_with_a_gap_and_replays_the_others() {
    let mut script = plain();
    script.accept();
    script.hello(&[position("a", 5), position("b", 2), position("c", 7)]);
    script.down();
    script.take();
    script.accept();
    script.hello(&[]);
    assert_eq!(script.take(), ["probe", "since a/x/5 b/x/2 c/x/7"]);
    let answers = vec![replay("b", 3, 3), no_replay("a", Some(("y", 0))), replay("c", 8, 8)];
    script.answer(answers);
    let told = ["2 gap new_epoch a:?-0:new_epoch", "deliver b3", "deliver c8", "live", "drain"];
    assert_eq!(script.take(), told);
}

#[test]
fn is_a_gap_when_the_server_does_not_answer_what_was_asked() {
    let mut script = plain();
    script.accept();
    script.hello(&[position("a", 5), position("b", 2)]);
    script.down();
    script.accept();
    script.hello(&[]);
    script.take();
    script.answer(vec![replay("a", 6, 6), replay("c", 1, 1)]);
    let told = ["2 gap no_proof b:3-?:no_proof", "deliver a6", "live", "drain"];
    assert_eq!(script.take(), told);
    script.event("b", 4);
    assert_eq!(script.take(), ["since b/x/2"], "the position of b still counts");
}

#[test]
fn is_a_gap_when_no_answer_comes_or_it_makes_no_sense() {
    let mut script = back();
    script.wait(9_999);
    assert_eq!(script.take(), [] as [&str; 0]);
    script.wait(1);
    assert_eq!(script.take(), ["2 gap no_proof a:6-?:no_proof", "live", "drain"]);
    let ticket = script.since.pop().unwrap();
    script.readiness.handle_since(ticket, Some(vec![replay("a", 6, 6)]), script.now);
    assert_eq!(script.take(), [] as [&str; 0], "late answers of that kind prove nothing");

    let mut script = back();
    let ticket = script.since.pop().unwrap();
    script.readiness.handle_since(ticket, None, script.now);
    assert_eq!(script.take(), ["2 gap no_proof a:6-?:no_proof", "live", "drain"]);
}

#[test]
fn is_a_gap_when_the_replay_leaves_something_out() {
    let mut holed = replay("a", 6, 8);
    holed.events.remove(1);
    let mut short = replay("a", 6, 8);
    short.events.pop();
    let mut late = replay("a", 7, 8);
    late.position = Some((named("x"), 8));
    let mut strange = replay("a", 6, 8);
    strange.events[2].0 = place("b", 8);
    let mut endless = replay("a", 6, 5);
    endless.more = true;
    for answer in [holed, short, late, strange] {
        let mut script = back();
        script.answer(vec![answer]);
        assert_eq!(script.take(), ["2 gap hole a:6-8:hole", "live", "drain"]);
    }
    let mut script = back();
    script.answer(vec![endless]);
    assert_eq!(script.take(), ["2 gap no_proof a:6-?:no_proof", "live", "drain"]);
}

#[test]
fn is_a_gap_when_what_was_received_does_not_join_on() {
    let mut script = back();
    script.event("a", 9);
    script.answer(vec![replay("a", 6, 7)]);
    let delivered = ["2 gap hole a:8-8:hole", "deliver a6", "deliver a7", "deliver a9"];
    assert_eq!(script.take(), [delivered.as_slice(), &["live", "drain"]].concat());
}

#[test]
fn is_a_gap_without_a_helper_or_without_logs() {
    let mut script = plain().at_five();
    script.down();
    script.accept();
    script.probed();
    assert_eq!(script.take(), ["probe", "2 gap no_proof a:6-?:no_proof", "live", "drain"]);

    let mut script = plain().at_five();
    script.down();
    script.accept();
    script.hello_without_logs(&[position("a", 7)]);
    assert_eq!(script.take(), ["probe", "2 gap no_proof a:6-7:no_proof", "live", "drain"]);
    script.event("a", 8);
    assert_eq!(script.take(), ["deliver a8"]);
}

/// Connection state recovery is lost when the client comes back before the server has noticed, when no
/// event came before, when an argument was taken for an offset, and when the client was away too long.
/// In all four cases the server says that it has recovered nothing.
#[test]
fn is_a_gap_on_a_server_without_logs_that_recovered_nothing() {
    for mut script in [plain(), Script::trusting()] {
        script.accept();
        script.unnumbered("x");
        script.down();
        script.accept();
        assert_eq!(script.take()[3..], ["2 gap no_proof", "live"]);
    }
}

#[test]
fn is_resumed_from_the_log_where_the_server_recovered_nothing() {
    let mut script = Script::trusting().at_five();
    script.down();
    script.accept();
    script.hello(&[]);
    script.answer(vec![replay("a", 6, 7)]);
    assert_eq!(script.take()[2..5], ["2 resumed", "deliver a6", "deliver a7"]);
}

#[test]
fn does_not_believe_in_a_recovery_unless_it_is_told_to() {
    let mut script = plain();
    script.accept();
    script.unnumbered("x");
    script.down();
    script.recover(&[]);
    assert_eq!(script.take()[3..], ["2 gap no_proof", "live"]);

    let mut script = Script::trusting();
    script.accept();
    script.unnumbered("x");
    script.down();
    script.readiness.handle_accepted(2, true);
    script.unnumbered("y");
    script.readiness.handle_early_over(script.now);
    assert_eq!(script.take()[3..], ["2 resumed", "deliver y", "live"]);
}

/// An adapter that gives up after 100 pages says that it has recovered the session.
#[test]
fn is_a_gap_when_a_recovery_leaves_out_numbers() {
    let mut script = Script::trusting();
    script.accept();
    script.event("a", 5);
    script.down();
    script.recover(&[6, 8]);
    let told = ["2 gap hole ?:7-7:hole", "deliver a6", "deliver a8", "live"];
    assert_eq!(script.take()[3..], told);
}

#[test]
fn is_resumed_when_a_recovery_leaves_out_no_number() {
    let mut script = Script::trusting();
    script.accept();
    script.event("a", 5);
    script.down();
    script.recover(&[5, 6, 7]);
    assert_eq!(script.take()[3..], ["2 resumed", "deliver a6", "deliver a7", "live"]);
    assert_eq!(script.readiness.repeated(), 1);
}

/// What is left out at the end shows with the next event.
#[test]
fn tells_later_what_a_trusted_recovery_left_out_at_its_end() {
    let mut script = Script::trusting();
    script.accept();
    script.event("a", 5);
    script.down();
    script.recover(&[6]);
    assert_eq!(script.take()[3..], ["2 resumed", "deliver a6", "live"]);
    script.event("a", 8);
    assert_eq!(script.take(), ["2 missed hole ?:7-7:hole", "deliver a8"]);
}

#[test]
fn asks_the_log_also_where_the_server_says_that_it_has_recovered() {
    let mut script = Script::trusting().at_five();
    script.down();
    script.recover(&[6]);
    script.hello(&[]);
    assert_eq!(script.take(), ["probe", "since a/x/5"]);
    script.answer(vec![replay("a", 6, 7)]);
    let told = ["2 resumed", "deliver a6", "deliver a7", "live", "drain"];
    assert_eq!(script.take(), told);
    assert_eq!(script.readiness.repeated(), 1);
}

#[test]
fn continues_positions_that_were_kept() {
    let script = plain().at_five();
    let kept = script.readiness.snapshot();
    assert_eq!(kept, [position("a", 5)]);
    let mut script = plain();
    script.readiness.restore(kept);
    script.accept();
    script.hello(&[position("a", 7)]);
    script.answer(vec![replay("a", 6, 7)]);
    let told = ["probe", "since a/x/5", "1 resumed", "deliver a6", "deliver a7", "live", "drain"];
    assert_eq!(script.take(), told);
}

#[test]
fn keeps_no_position_behind_an_event_that_a_listener_failed_to_handle() {
    let mut script = plain().at_five();
    script.event("a", 6);
    script.event("a", 7);
    script.readiness.handle_failure(place("a", 7));
    script.readiness.handle_failure(place("a", 6));
    script.readiness.handle_failure(place_in("a", "y", 1));
    script.event("a", 8);
    assert_eq!(script.readiness.snapshot(), [position("a", 5)]);
    script.down();
    script.accept();
    script.hello(&[]);
    assert_eq!(script.take().last().unwrap(), "since a/x/8", "in this page it was delivered");
}

#[test]
fn is_fresh_for_another_user() {
    let mut script = plain().at_five();
    script.down();
    script.readiness.reset();
    script.accept();
    script.hello(&[position("a", 9)]);
    assert_eq!(script.take(), ["2 fresh", "live", "drain"]);
    assert_eq!(script.readiness.snapshot(), [position("a", 9)]);
}

#[test]
fn is_fresh_again_when_the_first_connection_had_no_verdict() {
    let mut script = Script::with_hooks(true, false);
    script.accept();
    script.hello(&[position("a", 5)]);
    script.down();
    script.accept();
    script.hello(&[position("a", 8)]);
    assert_eq!(script.take(), ["prologue", "prologue"]);
    script.readiness.prologue_done(script.hooks[1], script.now);
    script.event("a", 9);
    assert_eq!(script.take(), ["2 fresh", "live", "drain", "deliver a9"]);
}

#[test]
fn is_a_gap_when_a_stream_had_to_be_forgotten() {
    let config = ReadinessConfig { streams: 2, ..ReadinessConfig::default() };
    let mut script = Script::new(config);
    script.accept();
    script.hello(&[position("a", 5), position("b", 5)]);
    script.event("a", 6);
    script.readiness.handle_position(position("c", 1), script.now);
    script.down();
    script.accept();
    script.hello(&[]);
    script.take();
    script.answer(vec![replay("a", 7, 6), replay("c", 2, 1)]);
    assert_eq!(script.take(), ["2 gap forgotten", "live", "drain"]);
    script.down();
    script.accept();
    script.hello(&[]);
    script.take();
    script.answer(vec![replay("a", 7, 6), replay("c", 2, 1)]);
    assert_eq!(script.take(), ["3 resumed", "live", "drain"]);
}

#[test]
fn is_a_gap_when_more_was_missed_than_is_taken_at_once() {
    let config = ReadinessConfig { replayed_events: 2, ..ReadinessConfig::default() };
    let mut script = Script::new(config);
    script.accept();
    script.hello(&[position("a", 5)]);
    script.down();
    script.accept();
    script.hello(&[]);
    script.take();
    let mut page = replay("a", 6, 8);
    page.more = true;
    script.answer(vec![page]);
    assert_eq!(script.take(), ["2 gap overflow a:6-?:overflow", "live", "drain"]);
}

#[test]
fn numbers_of_an_epoch_without_a_name_begin_anew_where_nothing_is_proved() {
    let mut script = plain();
    script.accept();
    let bare = |seq| Place { epoch: NO_EPOCH, ..place("a", seq) };
    let named =
        Position { epoch: Named { fingerprint: NO_EPOCH, text: "".into() }, ..position("a", 49) };
    script.readiness.handle_position(named, script.now);
    script.numbered("a50".to_owned(), Some(bare(50)));
    script.down();
    script.accept();
    script.numbered("a1".to_owned(), Some(bare(1)));
    assert_eq!(script.take()[3..], ["2 gap no_proof a:51-?:no_proof", "live", "deliver a1"]);
}

#[test]
fn does_not_ask_for_an_epoch_whose_name_it_does_not_know() {
    let mut script = plain().at_five();
    script.numbered("n".to_owned(), Some(place_in("a", "y", 1)));
    script.answer(vec![no_replay("a", Some(("y", 1)))]);
    let told = ["since a/x/5", "1 missed new_epoch a:?-0:new_epoch", "deliver n"];
    assert_eq!(script.take(), told);
    script.down();
    script.accept();
    script.hello(&[position_in("a", "y", 1)]);
    assert_eq!(script.take().last().unwrap(), "since a/y/1");
}
