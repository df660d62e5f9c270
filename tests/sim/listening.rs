//! What the application of a tab hears of the server's streams, and whether that is the truth.

use crate::network::ConnectionId;
use crate::server::STREAMS;
use crate::world::World;

/// What the client says that a connection continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Fresh,
    Resumed,
    /// The streams that have a gap; none means that every stream may have one.
    Gap(Vec<usize>),
}

/// What the application of one tab has heard, of one user.
#[derive(Debug, Default)]
pub struct Listening {
    /// The newest event of each stream that was delivered.
    last: [Option<(String, u64)>; 4],
    /// Where each stream stood before the first event that was delivered.
    start: [Option<(String, u64)>; 4],
    /// Whether events flow: before that come those that were held.
    is_live: bool,
    /// When a gap was last passed over that the application knew of: one word may tell of several.
    passed_at: [u64; 4],
    /// The streams of which the application knows that it has missed something since.
    gap: [bool; 4],
    verdicts: u32,
    /// Whether this connection has had its verdict.
    has_verdict: bool,
}

impl Listening {
    /// The application gives the stream up for a time: it misses what comes meanwhile.
    pub fn interrupt(&mut self, stream: usize) {
        self.gap[stream] = true;
    }

    /// The connection is another one.
    pub fn begin(&mut self) {
        self.has_verdict = false;
        self.is_live = false;
        if self.verdicts == 0 {
            // Nothing was told of a connection before: there is nothing to continue.
            self.start = Default::default();
        }
    }

    /// Events flow; before that came what was held.
    fn flow(&mut self) {
        self.is_live = true;
    }

    fn on_verdict(&mut self, verdict: &Verdict, proof: bool) -> Option<(&'static str, String)> {
        let is_second = std::mem::replace(&mut self.has_verdict, true);
        self.verdicts += 1;
        if is_second {
            return Some(("says once what a connection continues", format!("{verdict:?}, again")));
        }
        match verdict {
            Verdict::Fresh if self.verdicts > 1 => {
                Some(("says what a connection continues", "fresh, and not the first".to_owned()))
            }
            Verdict::Resumed if !proof => {
                Some(("resumes only with proof", "resumed without numbers".to_owned()))
            }
            Verdict::Fresh | Verdict::Resumed => None,
            Verdict::Gap(streams) => {
                self.on_missed(streams);
                None
            }
        }
    }

    fn on_missed(&mut self, streams: &[usize]) {
        for stream in 0..STREAMS.len() {
            if streams.is_empty() || streams.contains(&stream) {
                self.gap[stream] = true;
            }
        }
    }

    fn on_delivered(
        &mut self,
        stream: usize,
        epoch: &str,
        number: u64,
        now: u64,
    ) -> Option<(&'static str, String)> {
        let last = self.last[stream].replace((epoch.to_owned(), number));
        let start = self.start[stream].take();
        // What was held is older than a position that came meanwhile.
        let start = start.filter(|(before, last)| before != epoch || number > *last);
        let is_first = last.is_none();
        let (before, last) = last.or(start)?;
        let what = || format!("{}: {epoch}/{number} after {before}/{last}", STREAMS[stream]);
        if before == epoch && number <= last && !is_first {
            return Some(("delivers each event once and in order", what()));
        }
        let is_next = before == epoch && number == last + 1;
        let is_known = self.gap[stream] || self.passed_at[stream] == now;
        if !is_next && is_known {
            self.passed_at[stream] = now;
        }
        let problem = (!is_next && !is_known).then(|| ("tells of each gap", what()));
        self.gap[stream] &= !self.is_live;
        problem
    }

    /// A position that the server announced.
    fn on_position(&mut self, stream: usize, epoch: &str, number: u64) {
        self.start[stream].get_or_insert((epoch.to_owned(), number));
    }
}

impl World<'_> {
    pub fn hear_verdict(&mut self, tab: usize, verdict: &Verdict) {
        let proof = self.setting.helper || self.setting.trust_recovery;
        let problem = self.tabs[tab].listening.on_verdict(verdict, proof);
        self.complain(tab, problem);
    }

    pub fn hear_missed(&mut self, tab: usize, streams: &[usize]) {
        self.tabs[tab].listening.on_missed(streams);
    }

    pub fn hear_live(&mut self, tab: usize) {
        self.tabs[tab].listening.flow();
        if !self.tabs[tab].listening.has_verdict {
            let text = "live without a verdict".to_owned();
            self.complain(tab, Some(("says what a connection continues", text)));
        }
    }

    pub fn hear_event(&mut self, tab: usize, stream: usize, epoch: &str, number: u64) {
        // Without numbers nobody can tell what is missing.
        if self.setting.helper {
            let problem = self.tabs[tab].listening.on_delivered(stream, epoch, number, self.now);
            self.complain(tab, problem);
        }
    }

    /// A frame of the server that says where streams stand has come to the tab.
    pub fn hear_frame(&mut self, tab: usize, text: &str) {
        if !text.starts_with("42[\"sockeye:") {
            return;
        }
        let packet: serde_json::Value = serde_json::from_str(&text[2..]).unwrap_or_default();
        let all = match packet[0].as_str() {
            Some("sockeye:position") => vec![packet[1].clone()],
            Some("sockeye:hello") => packet[1]["positions"].as_array().cloned().unwrap_or_default(),
            _ => return,
        };
        for position in all {
            let name = position[0].as_str().unwrap_or_default();
            let Some(stream) = STREAMS.iter().position(|stream| *stream == name) else {
                continue;
            };
            let epoch = position[1].as_str().unwrap_or_default();
            let number = position[2].as_u64().unwrap_or_default();
            self.tabs[tab].listening.on_position(stream, epoch, number);
        }
    }

    fn complain(&mut self, tab: usize, problem: Option<(&'static str, String)>) {
        if let Some((check, text)) = problem {
            self.ledger.fail(check, format!("tab {tab}: {text}"));
        }
    }

    /// When all is quiet, every tab has heard the last event of each of its streams.
    pub fn check_streams(&mut self) {
        for tab in 0..self.tabs.len() {
            let rooms = self.tabs[tab].wanted();
            for (stream, name) in STREAMS.iter().enumerate() {
                let is_heard = rooms.contains(&stream) || stream == crate::server::ALL;
                let newest = &self.server.streams[stream];
                let newest = (newest.epoch.clone(), newest.last);
                let listening = &self.tabs[tab].listening;
                let heard = listening.last[stream].clone().or(listening.start[stream].clone());
                // A gap that the application knows of may reach to the end.
                let knows = listening.gap[stream] || heard.as_ref() == Some(&newest);
                if self.setting.helper && is_heard && !knows {
                    let text = format!("{name}: heard {heard:?} of {newest:?}");
                    self.complain(tab, Some(("delivers what comes", text)));
                }
            }
        }
    }

    /// What is wrong with the tab's rooms: the server has to have it in those that it wants.
    pub fn rooms_differ(&self, tab: usize) -> Option<String> {
        let wanted = self.tabs[tab].wanted();
        let id: Option<ConnectionId> = self.served_connection_of(tab);
        let Some(id) = id.filter(|id| self.connection_of(tab) == Some(*id)) else {
            return Some(format!("tab {tab} is not served"));
        };
        let mut actual = self.server.sessions.get(&id)?.rooms.clone();
        actual.sort_unstable();
        (actual != wanted).then(|| format!("tab {tab} wants {wanted:?} and has {actual:?}"))
    }
}
