//! The bounds that a packet can exceed without any fault of the protocol.

/// The bound that a packet exceeded, so that it had to be dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Excess {
    /// It has too many attachments.
    Attachments,
    /// Its attachments have too many bytes.
    AttachmentBytes,
    /// Its attachments took too long.
    AttachmentTime,
    /// Too much came before the namespace was accepted.
    EarlyEvents,
    /// It is larger than the server takes.
    Payload,
}

impl Excess {
    /// Returns the stable code that applications see.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Attachments | Self::AttachmentBytes | Self::AttachmentTime => {
                "attachments_exceeded"
            }
            Self::EarlyEvents => "buffer_full",
            Self::Payload => "payload_too_large",
        }
    }

    /// Says more than the code, or nothing.
    #[must_use]
    pub fn detail(self) -> &'static str {
        match self {
            Self::Attachments => "too many",
            Self::AttachmentBytes => "too many bytes",
            Self::AttachmentTime => "too late",
            Self::EarlyEvents => "events came before the namespace was accepted",
            Self::Payload => "",
        }
    }
}
