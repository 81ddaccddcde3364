//! What happened and why: journal, decision log, metrics, `explain`.
