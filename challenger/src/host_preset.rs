//! The command lines of the hosts that OP Stack programs have, as op-challenger makes them.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::game_type::GameType;

/// A host whose command line is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HostPreset {
    /// kona-host, for one L2 chain: `kona-host single`.
    KonaSingle,
    /// kona-host, for the states of several chains: `kona-host super`.
    KonaSuper,
    /// op-program, as its own host.
    OpProgram,
}

/// The parts of a host's command line. Values that depend on the dispute are placeholders, such as `{l1.head}`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct HostPieces {
    /// The host's program; if none is given, its usual name is looked for in `PATH`.
    pub program: Option<String>,
    /// The L1 node's address.
    pub l1: Option<String>,
    /// The L1 beacon node's.
    pub beacon: Option<String>,
    /// The L2 nodes', one for each chain; hosts for one chain take the first.
    pub l2: Vec<String>,
    /// An existing folder; each dispute gets a folder in it.
    pub data: String,
    /// The files with the rollups' configurations, one for each chain. If none is given, the program knows the
    /// configuration by the chain's id. Hosts for one chain take the first.
    pub rollup_config: Vec<String>,
    /// The file with the L1's configuration.
    pub l1_config: Option<String>,
    /// The file with the chains that depend on each other, for [`HostPreset::KonaSuper`].
    pub depset: Option<String>,
    /// The file with the L2's genesis.
    pub l2_genesis: Option<String>,
    /// The name of a chain that the program knows.
    pub network: Option<String>,
}

/// A part that a host needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Piece {
    /// The L1 node's address.
    L1,
    /// The L1 beacon node's.
    Beacon,
    /// The L2 node's.
    L2,
    /// A network's name, or the files with the rollup's configuration and the L2's genesis.
    Rollup,
}

/// A host's command line lacks something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the host of {preset} needs {}", .missing.words())]
pub struct Incomplete {
    /// The host.
    pub preset: HostPreset,
    /// What it lacks.
    pub missing: Piece,
}

impl Piece {
    const fn words(self) -> &'static str {
        match self {
            Self::L1 => "the address of an L1 node",
            Self::Beacon => "the address of an L1 beacon node",
            Self::L2 => "the address of an L2 node",
            Self::Rollup => {
                "the name of a network, or the rollup's configuration and the L2's genesis"
            }
        }
    }
}

impl HostPreset {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::KonaSingle, Self::KonaSuper, Self::OpProgram];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KonaSingle => "kona-single",
            Self::KonaSuper => "kona-super",
            Self::OpProgram => "op-program",
        }
    }

    /// The host of a type of game, by the program that such games are about; none if that is not known.
    pub const fn of(game_type: GameType) -> Option<Self> {
        match game_type.0 {
            0..=2 => Some(Self::OpProgram),
            3 | 8 => Some(Self::KonaSingle),
            7 | 9 => Some(Self::KonaSuper),
            _ => None,
        }
    }

    /// The command line: program and arguments.
    ///
    /// # Errors
    /// If the host needs something that is not there.
    pub fn words(self, pieces: &HostPieces) -> Result<Vec<String>, Incomplete> {
        match self {
            Self::KonaSingle => self.kona_single(pieces),
            Self::KonaSuper => self.kona_super(pieces),
            Self::OpProgram => self.op_program(pieces),
        }
    }

    /// The common beginning of kona-host's two commands.
    fn kona(self, pieces: &HostPieces, command: &str) -> Result<Line, Incomplete> {
        let mut line = Line::new(pieces, "kona-host");
        line.word(command);
        line.flag("--l1-node-address", self.needed(&pieces.l1, Piece::L1)?);
        line.flag(
            "--l1-beacon-address",
            self.needed(&pieces.beacon, Piece::Beacon)?,
        );
        Ok(line)
    }

    fn kona_super(self, pieces: &HostPieces) -> Result<Vec<String>, Incomplete> {
        let mut line = self.kona(pieces, "super")?;
        self.first(&pieces.l2, Piece::L2)?;
        line.flag("--l2-node-addresses", &pieces.l2.join(","));
        line.flag("--l1-head", "{l1.head}");
        line.flag("--agreed-l2-pre-state", "{l2.prestate}");
        line.flag("--claimed-l2-post-state", "{l2.claim}");
        line.flag("--claimed-l2-timestamp", "{l2.timestamp}");
        line.word("--server");
        line.flag("--data-dir", &data(pieces));
        if !pieces.rollup_config.is_empty() {
            line.flag("--rollup-config-paths", &pieces.rollup_config.join(","));
        }
        if let Some(path) = &pieces.l1_config {
            line.flag("--l1-config-path", path);
        }
        if let Some(path) = &pieces.depset {
            line.flag("--depset-cfg", path);
        }
        Ok(line.0)
    }

    fn kona_single(self, pieces: &HostPieces) -> Result<Vec<String>, Incomplete> {
        let mut line = self.kona(pieces, "single")?;
        line.flag("--l2-node-address", self.first(&pieces.l2, Piece::L2)?);
        line.flag("--l1-head", "{l1.head}");
        line.flag("--agreed-l2-head-hash", "{l2.head}");
        line.flag("--agreed-l2-output-root", "{l2.outputroot}");
        line.flag("--claimed-l2-output-root", "{l2.claim}");
        line.flag("--claimed-l2-block-number", "{l2.blocknumber}");
        line.word("--server");
        line.flag("--data-dir", &data(pieces));
        match pieces.rollup_config.first() {
            Some(path) => line.flag("--rollup-config-path", path),
            None => line.flag("--l2-chain-id", "{l2.chainid}"),
        }
        if let Some(path) = &pieces.l1_config {
            line.flag("--l1-config-path", path);
        }
        Ok(line.0)
    }

    fn op_program(self, pieces: &HostPieces) -> Result<Vec<String>, Incomplete> {
        let mut line = Line::new(pieces, "op-program");
        line.word("--server");
        line.flag("--l1", self.needed(&pieces.l1, Piece::L1)?);
        line.flag("--l1.beacon", self.needed(&pieces.beacon, Piece::Beacon)?);
        line.flag("--l2", self.first(&pieces.l2, Piece::L2)?);
        line.flag("--datadir", &data(pieces));
        line.flag("--l1.head", "{l1.head}");
        line.flag("--l2.head", "{l2.head}");
        line.flag("--l2.outputroot", "{l2.outputroot}");
        line.flag("--l2.claim", "{l2.claim}");
        line.flag("--l2.blocknumber", "{l2.blocknumber}");
        let config = pieces.rollup_config.first();
        match (&pieces.network, config, &pieces.l2_genesis) {
            (Some(network), ..) => line.flag("--network", network),
            (None, Some(config), Some(genesis)) => {
                line.flag("--rollup.config", config);
                line.flag("--l2.genesis", genesis);
            }
            _ => {
                return Err(Incomplete {
                    preset: self,
                    missing: Piece::Rollup,
                });
            }
        }
        Ok(line.0)
    }

    fn first(self, pieces: &[String], missing: Piece) -> Result<&str, Incomplete> {
        self.some(pieces.first(), missing)
    }

    fn needed(self, piece: &Option<String>, missing: Piece) -> Result<&str, Incomplete> {
        self.some(piece.as_ref(), missing)
    }

    fn some(self, piece: Option<&String>, missing: Piece) -> Result<&str, Incomplete> {
        piece.map(String::as_str).ok_or(Incomplete {
            preset: self,
            missing,
        })
    }
}

/// The folder of a dispute, because hosts lock theirs.
fn data(pieces: &HostPieces) -> String {
    Path::new(&pieces.data)
        .join("{dispute}")
        .display()
        .to_string()
}

/// Words of a command line.
struct Line(Vec<String>);

impl Line {
    fn new(pieces: &HostPieces, usual: &str) -> Self {
        Self(vec![
            pieces.program.clone().unwrap_or_else(|| usual.to_owned()),
        ])
    }

    fn word(&mut self, word: &str) {
        self.0.push(word.to_owned());
    }

    fn flag(&mut self, flag: &str, value: &str) {
        self.word(flag);
        self.word(value);
    }
}

impl fmt::Display for HostPreset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for HostPreset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|preset| preset.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("{text} is no host that is known: {names}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces() -> HostPieces {
        HostPieces {
            l1: Some("http://l1".into()),
            beacon: Some("http://beacon".into()),
            l2: vec!["http://l2".into()],
            data: "/data/hosts".into(),
            ..HostPieces::default()
        }
    }

    fn line(preset: HostPreset, pieces: &HostPieces) -> String {
        preset.words(pieces).expect("all is there").join(" ")
    }

    /// The words of op-challenger of June 2026.
    #[test]
    fn kona_host_is_called_as_op_challenger_does() {
        let common = "kona-host single --l1-node-address http://l1 --l1-beacon-address http://beacon \
             --l2-node-address http://l2 --l1-head {l1.head} --agreed-l2-head-hash {l2.head} \
             --agreed-l2-output-root {l2.outputroot} --claimed-l2-output-root {l2.claim} \
             --claimed-l2-block-number {l2.blocknumber} --server --data-dir /data/hosts/{dispute}";
        let by_chain = format!("{common} --l2-chain-id {{l2.chainid}}");
        assert_eq!(line(HostPreset::KonaSingle, &pieces()), by_chain);
        let by_files = HostPieces {
            rollup_config: vec!["rollup.json".into()],
            l1_config: Some("l1.json".into()),
            ..pieces()
        };
        let files = format!("{common} --rollup-config-path rollup.json --l1-config-path l1.json");
        assert_eq!(line(HostPreset::KonaSingle, &by_files), files);
    }

    /// The words of op-challenger of June 2026, for a state of two chains.
    #[test]
    fn kona_host_is_called_for_super_games() {
        let common = |l2: &str| {
            format!(
                "kona-host super --l1-node-address http://l1 --l1-beacon-address http://beacon \
                 --l2-node-addresses {l2} --l1-head {{l1.head}} --agreed-l2-pre-state {{l2.prestate}} \
                 --claimed-l2-post-state {{l2.claim}} --claimed-l2-timestamp {{l2.timestamp}} --server \
                 --data-dir /data/hosts/{{dispute}}"
            )
        };
        assert_eq!(line(HostPreset::KonaSuper, &pieces()), common("http://l2"));
        let two = HostPieces {
            l2: vec!["http://l2".into(), "http://m2".into()],
            rollup_config: vec!["a.json".into(), "b.json".into()],
            l1_config: Some("l1.json".into()),
            depset: Some("depset.json".into()),
            ..pieces()
        };
        let more =
            "--rollup-config-paths a.json,b.json --l1-config-path l1.json --depset-cfg depset.json";
        let expected = format!("{} {more}", common("http://l2,http://m2"));
        assert_eq!(line(HostPreset::KonaSuper, &two), expected);
        assert_eq!(HostPreset::of(GameType(9)), Some(HostPreset::KonaSuper));
        // Nothing is run in games of type 5.
        assert_eq!(HostPreset::of(GameType(5)), None);
    }

    /// The words of op-challenger of October 2024.
    #[test]
    fn op_program_is_called_as_op_challenger_does() {
        let common = "/opt/op-program --server --l1 http://l1 --l1.beacon http://beacon --l2 http://l2 \
             --datadir /data/hosts/{dispute} --l1.head {l1.head} --l2.head {l2.head} \
             --l2.outputroot {l2.outputroot} --l2.claim {l2.claim} --l2.blocknumber {l2.blocknumber}";
        let named = HostPieces {
            program: Some("/opt/op-program".into()),
            network: Some("op-sepolia".into()),
            ..pieces()
        };
        let expected = format!("{common} --network op-sepolia");
        assert_eq!(line(HostPreset::OpProgram, &named), expected);
        let by_files = HostPieces {
            network: None,
            rollup_config: vec!["rollup.json".into()],
            l2_genesis: Some("genesis.json".into()),
            ..named
        };
        let expected = format!("{common} --rollup.config rollup.json --l2.genesis genesis.json");
        assert_eq!(line(HostPreset::OpProgram, &by_files), expected);
    }

    #[test]
    fn what_is_missing_is_said() {
        let lacks = |pieces: HostPieces| {
            HostPreset::ALL.map(|preset| preset.words(&pieces).err().map(|why| why.missing))
        };
        let without = |take: fn(&mut HostPieces)| {
            let mut pieces = HostPieces {
                network: Some("op".into()),
                ..pieces()
            };
            take(&mut pieces);
            lacks(pieces)
        };
        assert_eq!(without(|pieces| pieces.l1 = None), [Some(Piece::L1); 3]);
        assert_eq!(
            without(|pieces| pieces.beacon = None),
            [Some(Piece::Beacon); 3]
        );
        assert_eq!(without(|pieces| pieces.l2.clear()), [Some(Piece::L2); 3]);
        assert_eq!(
            without(|pieces| pieces.network = None),
            [None, None, Some(Piece::Rollup)]
        );
        let error = HostPreset::OpProgram.words(&HostPieces::default());
        let text = error.expect_err("nothing is there").to_string();
        assert_eq!(
            text,
            "the host of op-program needs the address of an L1 node"
        );
    }

    #[test]
    fn names_are_read_back() {
        for preset in HostPreset::ALL {
            assert_eq!(preset.to_string().parse(), Ok(preset));
        }
        let error = "kona".parse::<HostPreset>().expect_err("unknown");
        assert_eq!(
            error,
            "kona is no host that is known: kona-single, kona-super, op-program"
        );
    }
}
