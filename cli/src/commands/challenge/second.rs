//! Who gives a second opinion about executions, as flags say it.

use crate::app::App;
use crate::input::ReadingArgs;
use crate::programs::{DataDir, guest};
use anyhow::{Context as _, ensure};
use fpvm::Tier;
use fpvm_challenger::service::{SecondOpinion, ThirdVm};
use fpvm_trace::second::Bundles;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The most differences that are kept: each is as large as a state and its pre-images.
const KEPT: usize = 8;
/// So many remembered states lie between two comparisons, because hashing a state takes longer than translated code takes
/// from one to the next.
const APART: u64 = 10;

/// Flags about the second opinion.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Second opinion")]
pub(super) struct SecondArgs {
    /// Run each execution a second time before anything is claimed about its states: by the interpreter, by plain steps, or
    /// by another VM (./cannon, …); off: once only [default: interpreter, where guests are translated]
    #[arg(long, value_name = "off|interpreter|plain|FILE", value_parser = second)]
    second_opinion: Option<SecondArg>,
    /// The longest that another VM may take for an execution
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "1h")]
    second_opinion_timeout: Duration,
}

/// Who gives it.
#[derive(Clone, Debug)]
enum SecondArg {
    Off,
    Tier(Tier),
    Vm(PathBuf),
}

fn second(text: &str) -> Result<SecondArg, String> {
    Ok(match text {
        "" => return Err("off, interpreter, plain, or another VM's file is expected".into()),
        "off" => SecondArg::Off,
        "interpreter" => SecondArg::Tier(Tier::Interpreter),
        "plain" => SecondArg::Tier(Tier::Plain),
        file => SecondArg::Vm(file.into()),
    })
}

/// What a tier is called, as a flag has it.
const fn name(tier: Tier) -> &'static str {
    match tier {
        Tier::Auto | Tier::Jit => "translator",
        Tier::Interpreter => "interpreter",
        Tier::Plain => "plain",
        Tier::Crosscheck(_) => "crosscheck",
    }
}

impl SecondArgs {
    /// Who gives it, if anybody does.
    pub(super) fn opinion<'a>(
        &'a self,
        app: &'a App,
        reading: &'a ReadingArgs,
        every: u64,
        data: &DataDir,
    ) -> anyhow::Result<Option<SecondOpinion<'a>>> {
        let first = reading.tier()?;
        let first = match first {
            // What it runs by then.
            Tier::Auto if !first.translates() => Tier::Interpreter,
            tier => tier,
        };
        let (tier, vm) = match &self.second_opinion {
            Some(SecondArg::Off) => return Ok(None),
            // The interpreter is what the opinion would be of.
            None if !first.translates() => return Ok(None),
            None => (Tier::Interpreter, None),
            Some(SecondArg::Tier(tier)) => {
                ensure!(
                    *tier != first,
                    "--second-opinion {}: guests are run by that anyhow; name another",
                    name(first)
                );
                (*tier, None)
            }
            // Between the two the slower one of this program decides.
            Some(SecondArg::Vm(path)) if first == Tier::Interpreter => (Tier::Plain, Some(path)),
            Some(SecondArg::Vm(path)) => (Tier::Interpreter, Some(path)),
        };
        let own = std::env::current_exe().context("cannot find this program")?;
        let third = vm.map(|path| {
            let found = || format!("--second-opinion: cannot find the VM {}", path.display());
            std::fs::metadata(path).with_context(found)?;
            // Under the name that it was given: some programs go by that.
            let program = std::path::absolute(path).with_context(found)?;
            Ok::<_, anyhow::Error>(ThirdVm {
                program,
                host: vec![own.clone().into(), "preimages".into(), "serve".into()],
                patience: self.second_opinion_timeout,
            })
        });
        let open = move |path: &Path| guest(reading.open_by(app, path, tier));
        Ok(Some(SecondOpinion {
            open: Arc::new(open),
            names: [first, tier].map(|tier| name(tier).to_owned()),
            third: third.transpose()?,
            every: every.saturating_mul(APART),
            bundles: Bundles {
                // Whoever reads the command line that finds a fault is in some other folder.
                folder: std::path::absolute(data.lasting("differences"))
                    .context("cannot find the data folder")?,
                most: KEPT,
                own,
            },
        }))
    }
}
