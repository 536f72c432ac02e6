//! The mock authorization server as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    mock_idp_cli::main()
}
