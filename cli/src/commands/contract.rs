//! `contract`: the contract that verifies a VM's steps, as its source and compiled.

use crate::app::App;
use crate::output::Target;
use anyhow::Context as _;
use fpvm_contracts::StepVerifier;
use fpvm_contracts::compile::Compiler;
use std::path::PathBuf;

/// Arguments of `contract`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the contract's source, as the definitions of the instructions give it
    Emit(EmitArgs),
    /// Compile the contract, for a chain, with a Solidity compiler of yours
    Compile(CompileArgs),
}

/// Which contract.
#[derive(Debug, clap::Args)]
struct Which {
    /// The ISA
    #[arg(long, value_name = "ISA", required_unless_present = "vm_type")]
    isa: Option<String>,
    /// The type of the VM, as upstream names it
    #[arg(long = "type", value_name = "TYPE")]
    vm_type: Option<String>,
}

/// Flags of `contract emit`.
#[derive(Debug, clap::Args)]
struct EmitArgs {
    #[command(flatten)]
    which: Which,
    /// Where the source is written to; - is standard output
    #[arg(long, short, alias = "out", value_name = "FILE", default_value = "-", value_parser = Target::parser())]
    output: Target,
}

/// Flags of `contract compile`.
#[derive(Debug, clap::Args)]
struct CompileArgs {
    #[command(flatten)]
    which: Which,
    /// The compiler, 0.8.28 or a later 0.8: `solc`, or the folder of the npm package
    /// [default: solc on PATH, else node_modules/solc]
    #[arg(long, value_name = "PATH")]
    solc: Option<PathBuf>,
    /// Where the artifact is written to, as JSON; - is standard output
    #[arg(long, short, alias = "out", value_name = "FILE", default_value = "-", value_parser = Target::parser())]
    output: Target,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::Emit(args) => {
            let source = args.which.verifier(app)?.source();
            args.output.write(|out| out.write_all(source.as_bytes()))
        }
        Command::Compile(args) => {
            args.output.try_place()?;
            let verifier = args.which.verifier(app)?;
            let compiler = Compiler::find(args.solc.as_deref())?;
            let artifact = compiler.compile(verifier.name(), &verifier.source())?;
            args.output.write(|out| out.write_all(artifact.as_bytes()))
        }
    }
}

impl Which {
    fn verifier(&self, app: &App) -> anyhow::Result<StepVerifier> {
        let vms = app.vms(self.isa.as_deref(), self.vm_type.as_deref())?;
        let isa = *vms.isas().first().context("no VM")?;
        app.verifier(isa)
    }
}
