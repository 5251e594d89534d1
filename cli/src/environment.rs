//! Flags that the environment sets: `FPVM_MAX_MEMORY` is `--max-memory` of every command that has it.

use clap::{Arg, Command};

/// The variable that other tools of Ethereum read an L1 node's address from.
const ETH_RPC_URL: &str = "ETH_RPC_URL";

/// Has each flag that takes a value read its variable, where the command line does not give it. A node's address that has
/// to be given is also read from `ETH_RPC_URL`.
pub(crate) fn read(command: Command) -> Command {
    let command = command.mut_args(with_variable);
    command.mut_subcommands(read)
}

fn with_variable(arg: Arg) -> Arg {
    let (Some(long), true) = (arg.get_long(), arg.get_action().takes_values()) else {
        return arg;
    };
    let own = variable(long);
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let name = match () {
        () if is_set(&own) => own,
        () if long == "rpc" && arg.is_required_set() && is_set(ETH_RPC_URL) => ETH_RPC_URL.into(),
        // A variable that is not set matters to nobody.
        () => return arg,
    };
    // At most one for each flag, for the life of the process.
    let name: &'static str = name.leak();
    arg.env(name).hide_env(true)
}

/// `FPVM_MAX_MEMORY` of `max-memory`.
fn variable(long: &str) -> String {
    format!("FPVM_{}", long.replace(['-', '.'], "_").to_uppercase())
}
