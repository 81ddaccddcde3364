//! Arguments, start, drain, stop.

fn main() {}
