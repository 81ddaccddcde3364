//! Doors for facts: what the shop tells us becomes events on customers' documents.
