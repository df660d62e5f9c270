//! Connection state recovery: what is remembered of a session to ask for it again.

use crate::host::Host;

/// The session that the server would recover, if it does that at all.
///
/// A server that recovers names the session in its CONNECT (`pid`, a secret), and adds an offset to each
/// event. After a lost connection the client says both in its own CONNECT; a server that answers with the
/// same `pid` has recovered the session, and has sent what was missed before its answer.
///
/// Source: Socket.IO documentation, "Connection state recovery".
#[derive(Debug)]
pub(super) struct Recovery<H: Host> {
    session: Option<Session<H>>,
}

#[derive(Debug)]
struct Session<H: Host> {
    pid: String,
    /// That of the last event that was delivered. Without one nothing can be recovered.
    offset: Option<H::Text>,
}

impl<H: Host> Default for Recovery<H> {
    fn default() -> Self {
        Self { session: None }
    }
}

impl<H: Host> Recovery<H> {
    /// Returns whether events carry offsets.
    pub fn is_on(&self) -> bool {
        self.session.is_some()
    }

    /// Takes the `pid` with which the server accepted. Returns whether the session goes on.
    pub fn accept(&mut self, pid: Option<String>) -> bool {
        let known = self.session.as_ref().map(|session| session.pid.as_str());
        let recovered = known.is_some() && known == pid.as_deref();
        if !recovered {
            // The old offset means nothing in another session.
            self.session = pid.map(|pid| Session { pid, offset: None });
        }
        recovered
    }

    /// Remembers the offset of an event, if that is one.
    pub fn remember(&mut self, offset: Option<H::Text>) {
        if let (Some(session), Some(offset)) = (&mut self.session, offset) {
            session.offset = Some(offset);
        }
    }

    /// Removes the offset from the arguments of an event, and remembers it.
    pub fn take_offset(&mut self, host: &H, arguments: &mut H::Value) {
        if self.is_on() {
            self.remember(host.take_offset(arguments));
        }
    }

    /// Forgets the session: it ended in good order, and the next user may be another.
    pub fn forget(&mut self) {
        self.session = None;
    }

    /// Returns the payload of CONNECT: `auth`, and the question for the session if there is one.
    pub fn connect_payload(&self, host: &H, auth: Option<H::Text>) -> Option<H::Text> {
        match &self.session {
            Some(Session { pid, offset }) => {
                Some(host.recovery_payload(pid, offset.as_ref(), auth.as_ref()))
            }
            None => auth,
        }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::native::NativeHost;
    use serde_json::json;

    fn payload(recovery: &Recovery<NativeHost>, auth: Option<&str>) -> Option<serde_json::Value> {
        let payload = recovery.connect_payload(&NativeHost::default(), auth.map(str::to_owned));
        payload.map(|payload| serde_json::from_str(&payload).unwrap())
    }

    #[test]
    fn asks_for_the_session_that_the_server_has_named() {
        let mut recovery = Recovery::default();
        recovery.remember(Some("Q7w600v".to_owned()));
        assert_eq!(payload(&recovery, None), None);
        assert!(!recovery.accept(Some("p".to_owned())));
        assert_eq!(payload(&recovery, None), Some(json!({"pid": "p"})));
        recovery.remember(Some("Q7w600v".to_owned()));
        recovery.remember(None);
        assert_eq!(payload(&recovery, None), Some(json!({"pid": "p", "offset": "Q7w600v"})));
        let expected = json!({"pid": "mine", "offset": "Q7w600v", "token": 1});
        assert_eq!(payload(&recovery, Some(r#"{"token":1,"pid":"mine"}"#)), Some(expected));
    }

    #[test]
    fn keeps_the_offset_only_within_its_session() {
        let mut recovery = Recovery::default();
        assert!(!recovery.accept(Some("p".to_owned())));
        recovery.remember(Some("Q7w600v".to_owned()));
        assert!(recovery.accept(Some("p".to_owned())));
        assert_eq!(payload(&recovery, None), Some(json!({"pid": "p", "offset": "Q7w600v"})));
        assert!(!recovery.accept(Some("q".to_owned())));
        assert_eq!(payload(&recovery, None), Some(json!({"pid": "q"})));
        assert!(!recovery.accept(None));
        assert_eq!(payload(&recovery, None), None);
    }
}
