//! Arguments, start, drain, stop.

use std::process::ExitCode;

use clap::Parser as _;
use tactgate::command::{Arguments, run};

/// A message costs some hundred small allocations on many threads; the system's allocator spent a tenth
/// of the gateway's time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    run(Arguments::parse())
}
