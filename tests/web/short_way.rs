//! Events go a short way through the shim; the long way, as text, gives the same outputs.

use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::bench::Bench;

const NAMES: [&str; 14] = [
    "news",
    "",
    "5",
    "quo\"te",
    "back\\slash",
    "ünïcödé",
    "🐟",
    "a,b",
    "a]b",
    "[\"a\"]",
    "__proto__",
    "constructor",
    " spaced ",
    "new\nline",
];

fn connected() -> Bench {
    let bench = Bench::connected();
    for (number, name) in NAMES.into_iter().enumerate() {
        bench.listen(name, number as u32);
    }
    bench
}

/// The same with the namespace `/x` connected beside the root.
fn connected_in_both() -> Bench {
    let bench = connected();
    assert_eq!(bench.manager.socket("/x", false), 1);
    bench.manager.connect(1);
    bench.receive(r#"40/x,{"sid":"y"}"#);
    bench.take_log();
    bench
}

/// What comes of a frame that the transport reports: the shim looks at it first.
fn short_way(frame: &str) -> Vec<String> {
    let bench = connected();
    bench.receive(frame);
    bench.take_log()
}

/// What comes of a frame that is handed in as text.
fn long_way(frame: &str) -> Vec<String> {
    let bench = connected();
    bench.manager.handle_text(0, frame);
    bench.take_log()
}

fn assert_same(frame: &str) -> Vec<String> {
    let short = short_way(frame);
    assert_eq!(short, long_way(frame), "{frame:?}");
    short
}

/// Writes a name as JSON, every unit as an escape if `escaped`.
fn to_json(name: &str, escaped: bool) -> String {
    if escaped {
        let units: String = name.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        return format!("\"{units}\"");
    }
    let text = name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{text}\"")
}

#[test]
fn delivers_every_name_however_it_is_written() {
    for (number, name) in NAMES.into_iter().enumerate() {
        for escaped in [false, true] {
            let json = to_json(name, escaped);
            for frame in [
                format!("42[{json}]"),
                format!("42[{json},1]"),
                format!("42[{json},\"]\",{{\"a\":[]}}]"),
                format!("42[ {json} , 1 ]"),
                format!("4217[{json},1]"),
            ] {
                let log = assert_same(&frame);
                assert_eq!(log.len(), 1, "{frame:?}: {log:?}");
                assert!(log[0].starts_with(&format!("delivered 0 {number} [")), "{log:?}");
            }
        }
    }
}

#[test]
fn delivers_a_name_that_is_a_number() {
    let log = assert_same(r#"42[5,"x"]"#);
    assert_eq!(log, [r#"delivered 0 2 [5,"x"] 0 -1"#]);
    assert_eq!(assert_same("42[6]"), [] as [&str; 0]);
    assert_eq!(assert_same("42[5.0]"), ["delivered 0 2 [5] 0 -1"]);
}

#[test]
fn leaves_names_that_nobody_listens_to() {
    for frame in [r#"42["other",1]"#, r#"42["toString"]"#, r#"42["new"]"#, r#"42["newsy"]"#] {
        assert_eq!(assert_same(frame), [] as [&str; 0], "{frame}");
    }
}

#[test]
fn refuses_an_event_that_is_cut_off_even_if_nobody_listens_to_it() {
    for frame in [r#"42["other",1"#, r#"42["other""#, r#"42["other"x]"#] {
        let log = assert_same(frame);
        assert!(log.iter().any(|line| line.contains("parse_error")), "{frame}: {log:?}");
    }
}

#[test]
fn agrees_on_frames_that_break_the_grammar() {
    for frame in [
        r#"42["news""#,
        r#"42["news",]"#,
        r#"42["news",1"#,
        r#"42["news"]x"#,
        r#"42["news"] "#,
        r#"42["news"x]"#,
        r#"42["news"#,
        r#"42["]"#,
        r#"42[""#,
        "42[",
        r#"42["other",nonsense]"#,
        r#"42["other",1"#,
        r#"42["other" ,1]"#,
        r#"42[,"news"]"#,
        "42[true]",
        "42[{}]",
        "42[[]]",
        "42[null]",
        r#"42["\x"]"#,
        r#"42["news\"]"#,
        r#"42{"0":"news"}"#,
        r#"42"news""#,
        r#"42 ["news"]"#,
        r#"42/,["news"]"#,
        r#"42/other,["news"]"#,
        r#"42["connect"]"#,
    ] {
        assert_same(frame);
    }
}

#[test]
fn agrees_when_the_namespace_is_not_connected_or_attachments_are_due() {
    let prepare: [fn(&Bench); 3] = [
        |bench| bench.receive("41"),
        |bench| bench.receive(r#"451-["b",{"_placeholder":true,"num":0}]"#),
        |bench| bench.manager.destroy(),
    ];
    for prepare in prepare {
        for frame in [r#"42["news",1]"#, r#"42["other",1]"#] {
            let outputs = [true, false].map(|short| {
                let bench = connected();
                prepare(&bench);
                bench.take_log();
                if short {
                    bench.receive(frame)
                } else {
                    bench.manager.handle_text(0, frame)
                }
                bench.take_log()
            });
            assert_eq!(outputs[0], outputs[1], "{frame}");
        }
    }
}

/// The same with the namespace `/x` connected beside the root, and a request made in each.
fn assert_same_in_both(frame: &str) -> Vec<String> {
    let outputs = [true, false].map(|is_short| {
        let bench = connected_in_both();
        for socket in [0, 1] {
            bench.manager.request(socket, socket, r#"["r"]"#, None, 1_000.0);
        }
        bench.take_log();
        if is_short {
            bench.receive(frame)
        } else {
            bench.manager.handle_text(0, frame)
        }
        bench.take_log()
    });
    assert_eq!(outputs[0], outputs[1], "{frame:?}");
    outputs[0].clone()
}

#[test]
fn delivers_events_of_other_namespaces() {
    assert_eq!(assert_same_in_both(r#"42/x,["news",1]"#), [r#"delivered 1 0 ["news",1] 0 -1"#]);
    assert_eq!(assert_same_in_both(r#"42/x,["other",1]"#), [] as [&str; 0]);
    for frame in [
        r#"42/x["news",1]"#,
        r#"42/x,"news",1]"#,
        r#"42/x,7["news",1]"#,
        r#"42/y,["news",1]"#,
        r#"42/,["news",1]"#,
        r#"42/x,["other",1"#,
        r#"42/x"#,
        r#"42x,["news",1]"#,
    ] {
        assert_same_in_both(frame);
    }
}

#[test]
fn reads_each_frame_by_itself_whatever_came_before() {
    let bench = connected_in_both();
    let delivered = |frame: &str| {
        bench.receive(frame);
        bench.take_log()
    };
    for _ in 0..2 {
        assert_eq!(delivered(r#"42["news",1]"#), [r#"delivered 0 0 ["news",1] 0 -1"#]);
        assert_eq!(delivered(r#"42["news",1]"#), [r#"delivered 0 0 ["news",1] 0 -1"#]);
        assert_eq!(delivered(r#"42["news"]"#), [r#"delivered 0 0 ["news"] 0 -1"#]);
        assert_eq!(delivered(r#"42["",1]"#), [r#"delivered 0 1 ["",1] 0 -1"#]);
        assert_eq!(delivered(r#"42/x,["news",1]"#), [r#"delivered 1 0 ["news",1] 0 -1"#]);
        assert_eq!(delivered(r#"42["newsy",1]"#), [] as [&str; 0]);
    }
}

#[test]
fn settles_requests_with_their_answers() {
    assert_eq!(assert_same_in_both("430[1,2]"), ["settled 0  [1,2]"]);
    assert_eq!(assert_same_in_both("43/x,0[]"), ["settled 1  []"]);
    for frame in [
        "431[1]",
        "4300[1]",
        "43 0[1]",
        "43-0[1]",
        "430 [1]",
        "430[1",
        "430[1]]",
        "430{}",
        "43[1]",
        "43",
        "430",
        "43/x0[1]",
        "43/y,0[1]",
        "4318446744073709551616[1]",
        "4309007199254740993[1]",
    ] {
        assert_same_in_both(frame);
    }
}

/// What comes of frames, of which the first is handed in as text if it is not `short`, and of as many
/// binary ones.
fn with_attachments(frame: &str, attachments: u32, short: bool) -> Vec<String> {
    let bench = connected_in_both();
    if short {
        bench.receive(frame);
    } else {
        bench.manager.handle_text(0, frame);
    }
    for _ in 0..attachments {
        bench.receive_binary(&[1, 2, 3]);
    }
    bench.take_log()
}

#[test]
fn delivers_events_with_their_attachments() {
    let place = r#"{"_placeholder":true,"num":0}"#;
    let second = r#"{"_placeholder":true,"num":1}"#;
    for (frame, attachments) in [
        (format!(r#"451-["news",{place}]"#), 1),
        (format!(r#"451-/x,["news",{place}]"#), 1),
        (format!(r#"452-["news",{place},[{second}]]"#), 2),
    ] {
        let short = with_attachments(&frame, attachments, true);
        assert_eq!(short, with_attachments(&frame, attachments, false), "{frame}");
        assert!(short.iter().any(|line| line.starts_with("delivered")), "{short:?}");
    }
    for frame in [
        format!(r#"451-["news",{place}"#),
        format!(r#"451-["news",{second}]"#),
        format!(r#"451-["connect",{place}]"#),
        format!(r#"451-["nobody",{place}]"#),
        format!(r#"451-7["news",{place}]"#),
        format!(r#"451-/y,["news",{place}]"#),
        format!(r#"451-/x["news",{place}]"#),
        format!(r#"450-["news",{place}]"#),
        format!(r#"45-["news",{place}]"#),
        format!(r#"45["news",{place}]"#),
        format!(r#"45 1-["news",{place}]"#),
        format!(r#"4565-["news",{place}]"#),
        format!(r#"454294967297-["news",{place}]"#),
        format!(r#"451-["quo"te",{place}]"#),
        "451-".to_owned(),
        "45".to_owned(),
    ] {
        for attachments in 0..3 {
            let [short, long] = [true, false].map(|is| with_attachments(&frame, attachments, is));
            assert_eq!(short, long, "{frame} and {attachments} attachments");
        }
    }
}

/// Frames made of pieces of frames, the same ones in every run.
#[test]
fn agrees_on_three_thousand_frames_of_random_pieces() {
    let pieces = [
        "42",
        "[",
        "]",
        "\"news\"",
        "\"other\"",
        "\"",
        ",",
        "1",
        "{}",
        "\\",
        "\\u006e",
        " ",
        "/x",
        "null",
        "🐟",
    ];
    let mut state = 1u32;
    let mut draw = |limit: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % limit
    };
    for _ in 0..3_000 {
        let length = draw(7);
        let rest: String = (0..length).map(|_| pieces[draw(pieces.len())]).collect();
        let start =
            ["42", "42[\"news\"", "42[\"", "42[\"other\",", "42[", "42/x,[\"", "43", "451-"]
                [draw(8)];
        assert_same(&format!("{start}{rest}"));
    }
}
