//! `tactgate.toml`: listeners, streams, routes, stores; unknown keys are errors.
