//! Arguments, start, drain, stop.

use std::process::ExitCode;

use clap::Parser as _;
use tactgate::command::{Arguments, run};

fn main() -> ExitCode {
    run(Arguments::parse())
}
