//! Not now: messages kept durably until a time, decided again when it comes.
