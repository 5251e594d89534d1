//! The hosts that programs are run with, one for each type of game, as flags say it.

use crate::args::{Typed, by_type};
use crate::oracles::StoreArgs;
use anyhow::{Context as _, anyhow, bail};
use fpvm_challenger::game_type::{ByType, GameType};
use fpvm_challenger::host_preset::{HostPieces, HostPreset, Piece};
use fpvm_trace::Preimages;
use std::convert::Infallible;
use std::ffi::OsString;
use std::path::Path;

/// Flags of hosts.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Hosts")]
pub(crate) struct HostArgs {
    /// Hand out pre-images by a host whose command line is known: kona-single, kona-super or op-program [default, where a
    /// type's --host-program is given: the host of its program]
    #[arg(long, value_name = "[TYPE=]PRESET", value_parser = Typed::parse)]
    host_preset: Vec<Typed>,
    /// That host's program [default: kona-host or op-program, in PATH]
    #[arg(long, alias = "server", value_name = "[TYPE=]FILE", value_parser = Typed::parse)]
    host_program: Vec<Typed>,
    /// A host by its command line, split at blanks, with {l1.head}, {l2.head}, {l2.outputroot}, {l2.claim},
    /// {l2.blocknumber}, {l2.chainid} and {dispute} (a name for each dispute) filled in, as in the words after `--`; in
    /// super games {l1.head}, {l2.prestate}, {l2.claim}, {l2.timestamp} and {dispute}
    #[arg(long, value_name = "[TYPE=]WORDS", value_parser = Typed::parse)]
    host_command: Vec<Typed>,
    /// The L1 beacon node, for --host-preset
    #[arg(long, value_name = "URL")]
    l1_beacon: Option<String>,
    /// The rollup's configuration, for --host-preset [default: the host knows it by the chain's id]; for kona-super once
    /// for each chain
    #[arg(long, value_name = "[TYPE=]FILE", value_parser = Typed::parse)]
    rollup_config: Vec<Typed>,
    /// The chains that depend on each other, for --host-preset kona-super [default: the host knows them]
    #[arg(long, value_name = "[TYPE=]FILE", value_parser = Typed::parse)]
    depset_config: Vec<Typed>,
    /// The L1's configuration, for --host-preset kona-single and kona-super [default: the host knows it]
    #[arg(long, alias = "l1-genesis", value_name = "[TYPE=]FILE", value_parser = Typed::parse)]
    l1_config: Vec<Typed>,
    /// The L2's genesis, for --host-preset op-program
    #[arg(long, value_name = "[TYPE=]FILE", value_parser = Typed::parse)]
    l2_genesis: Vec<Typed>,
    /// The chain's name, for --host-preset op-program
    #[arg(long, value_name = "NAME")]
    network: Option<String>,
}

impl HostArgs {
    /// The L1 beacon node's address.
    pub(crate) fn beacon(&self) -> Option<String> {
        self.l1_beacon.clone()
    }
}

/// What the flags of a command say of where pre-images come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origins<'a> {
    /// Hosts by types.
    pub(crate) hosts: &'a HostArgs,
    /// A store, or a host for all.
    pub(crate) source: &'a StoreArgs,
    /// L1 nodes; a host knows the first.
    pub(crate) l1: &'a [String],
    /// L2 nodes.
    pub(crate) l2: &'a [String],
}

impl Origins<'_> {
    /// The programs of the hosts, each once.
    pub(crate) fn programs(self, data: &Path) -> anyhow::Result<Vec<String>> {
        let lines = self.lines(data)?;
        let mut programs: Vec<_> = lines
            .into_iter()
            .filter_map(|(_, words)| words.into_iter().next())
            .chain(self.source.host_program())
            .collect();
        programs.sort_unstable();
        programs.dedup();
        Ok(programs)
    }

    /// Where the pre-images of each type of game come from. Hosts have their data in the folder `data`.
    ///
    /// # Errors
    /// If they come from nowhere, though they are `needed`.
    pub(crate) fn preimages(self, data: &Path, needed: bool) -> anyhow::Result<ByType<Preimages>> {
        let (hosts, source) = (self.hosts, self.source);
        let lines = self.lines(data)?;
        if lines.is_empty() {
            source.check()?;
            if !source.is_given() && needed {
                bail!(
                    "where do pre-images come from? Name a store with --preimages, or a host with --host-preset or after `--`"
                );
            }
        }
        if !hosts.host_preset.is_empty() || !hosts.host_program.is_empty() {
            let made = std::fs::create_dir_all(data);
            made.with_context(|| format!("cannot make the folder {}", data.display()))?;
        }
        sources(lines, source)
    }

    /// The command lines of the types that have one of their own, or of all.
    fn lines(self, data: &Path) -> anyhow::Result<Vec<(Option<GameType>, Vec<String>)>> {
        let hosts = self.hosts;
        let mut lines = Vec::new();
        for Typed { game_type, value } in &hosts.host_command {
            let words: Vec<_> = value.split_whitespace().map(str::to_owned).collect();
            if words.is_empty() {
                bail!("--host-command has no words");
            }
            lines.push((*game_type, words));
        }
        let preset = |text: &str| text.parse::<HostPreset>().map_err(|why| anyhow!(why));
        let mut presets = Vec::new();
        for Typed { game_type, value } in &hosts.host_preset {
            presets.push((*game_type, preset(value).context("--host-preset")?));
        }
        for Typed { game_type, .. } in &hosts.host_program {
            let is_said = presets
                .iter()
                .any(|(of, _)| of == game_type || of.is_none());
            match (game_type, game_type.and_then(HostPreset::of)) {
                _ if is_said => {}
                (Some(_), Some(preset)) => presets.push((*game_type, preset)),
                (Some(game_type), None) => {
                    bail!("how is the host of {game_type} called? Say it with --host-preset")
                }
                (None, _) if presets.is_empty() => {
                    bail!("how is the host called? Say it with --host-preset")
                }
                (None, _) => {}
            }
        }
        for (game_type, preset) in presets {
            let words = preset.words(&self.pieces(game_type, data)?);
            let words = words.map_err(|why| match why.missing {
                Piece::L1 => anyhow!("{why}: give --rpc"),
                Piece::Beacon => anyhow!("{why}: give --l1-beacon"),
                Piece::L2 => anyhow!("{why}: give --l2-rpc"),
                Piece::Rollup => {
                    anyhow!("{why}: give --network, or --rollup-config and --l2-genesis")
                }
            })?;
            lines.push((game_type, words));
        }
        Ok(lines)
    }

    fn pieces(self, game_type: Option<GameType>, data: &Path) -> anyhow::Result<HostPieces> {
        let hosts = self.hosts;
        let all = |all: &[Typed]| {
            let all = by_type(all, |text| Ok::<_, Infallible>(text.to_owned()))?;
            Ok::<Vec<String>, Infallible>(all.of(game_type).cloned().collect())
        };
        let first = |typed: &[Typed]| Ok::<_, Infallible>(all(typed)?.into_iter().next());
        let data = data.to_str().context("--datadir: its name is no text")?;
        Ok(HostPieces {
            program: first(&hosts.host_program)?,
            // A host knows one node.
            l1: self.l1.first().cloned(),
            beacon: hosts.l1_beacon.clone(),
            l2: self.l2.to_vec(),
            data: data.to_owned(),
            rollup_config: all(&hosts.rollup_config)?,
            depset: first(&hosts.depset_config)?,
            l1_config: first(&hosts.l1_config)?,
            l2_genesis: first(&hosts.l2_genesis)?,
            network: hosts.network.clone(),
        })
    }
}

/// Hosts by their command lines, and what counts for all other types.
fn sources(
    lines: Vec<(Option<GameType>, Vec<String>)>,
    source: &StoreArgs,
) -> anyhow::Result<ByType<Preimages>> {
    let cache = source.cache()?;
    let mut all = ByType::default();
    for (game_type, words) in lines {
        let words = words.into_iter().map(OsString::from).collect();
        all.add(game_type, source.host(words, cache.clone()));
    }
    if source.is_given() {
        all.add(None, source.preimages_with(cache)?);
    }
    Ok(all)
}
