//! `list`: the VMs there are.

use crate::app::App;
use crate::output::{FormatArgs, Target, print};
use crate::upstream_compat::UpstreamCompat;
use serde::Serialize;
use std::fmt::Write as _;

/// Flags of `list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    format: FormatArgs,
}

/// What `--json` prints of a VM.
#[derive(Serialize)]
struct Listed {
    isa: &'static str,
    /// The VM type.
    vm: &'static str,
    /// The state version, where upstream has one.
    version: Option<u8>,
    upstream: &'static str,
    about: &'static str,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    if args.format.is_json() {
        let isas = app.vms.isas().iter();
        let listed = isas.map(|isa| Listed {
            isa: isa.name(),
            vm: isa.vm_type(),
            version: isa.version(),
            upstream: isa.about().upstream,
            about: isa.about().text,
        });
        return Target::Stdout.write_json(&listed.collect::<Vec<_>>());
    }
    let mut text = String::new();
    match app.compat {
        UpstreamCompat::Cannon => cannon(app, &mut text)?,
        _ => table(app, &mut text)?,
    }
    print(&text)
}

/// As Cannon lists the programs that it has inside: those of its kind.
fn cannon(app: &App, text: &mut String) -> std::fmt::Result {
    writeln!(text, "Available cannon versions:")?;
    for isa in app
        .vms
        .isas()
        .iter()
        .filter(|isa| isa.about().upstream == app.compat.name())
    {
        if let Some(version) = isa.version() {
            let name = isa.vm_type();
            writeln!(
                text,
                "filename: cannon-{version}\tversion: {name} ({version})"
            )?;
        }
    }
    Ok(())
}

fn table(app: &App, text: &mut String) -> std::fmt::Result {
    writeln!(
        text,
        "{:<8} {:<18} {:<9} {:<10} about",
        "--isa", "--type", "version", "as"
    )?;
    for isa in app.vms.isas() {
        let version = isa
            .version()
            .map_or("-".into(), |version| version.to_string());
        let (name, vm_type, upstream) = (isa.name(), isa.vm_type(), isa.about().upstream);
        let about = isa.about().text;
        writeln!(
            text,
            "{name:<8} {vm_type:<18} {version:<9} {upstream:<10} {about}"
        )?;
    }
    Ok(())
}
