//! What may be wrong with an option or a payload.

/// Stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// An option is out of its range.
    InvalidOption,
    /// The payload is larger than `max_payload_size`.
    PayloadTooLarge,
    /// The payload would need more than `max_total_segments`, or more than any code has.
    TooManySegments,
}

impl Code {
    /// As the siblings in other languages name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidOption => "INVALID_OPTION",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::TooManySegments => "TOO_MANY_SEGMENTS",
        }
    }
}

/// What was wanted and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct Error {
    code: Code,
    message: String,
}

impl Error {
    pub(crate) fn new(code: Code, message: String) -> Self {
        Self { code, message }
    }

    /// Stable, unlike the text.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }
}
