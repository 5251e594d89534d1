//! The parameters of a type of game, and the conditions on them.

use alloy_primitives::{B256, U256};

use crate::arguments::{FaultArgs, Roles};
use crate::bond;
use crate::fees::FeeSpikes;
use crate::position::Position;
use crate::revert::Revert;
use crate::version::Version;

/// Longest position that a game may use, in bits (upstream's `MAX_POSITION_BITLEN`).
const MAX_POSITION_BITS: u64 = 126;

/// The parameters of a game. From 2.0 on only the depths and times come from the implementation, and the
/// others from the game's arguments (see [`Rules::with_arguments`]).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Params {
    /// The version of the game.
    pub version: Version,
    /// The type's number in the factory.
    pub game_type: u32,
    /// Claim about the VM state before the first instruction.
    pub absolute_prestate: B256,
    /// Depth of the deepest claims; a step contests those.
    pub max_depth: u64,
    /// Depth of the deepest claims about output roots. One level below, an execution of one block
    /// begins.
    pub split_depth: u64,
    /// Least time that a side is left with after its move, in seconds; more at two depths, see
    /// [`Rules::extension`].
    pub clock_extension: u64,
    /// Time each side has, in seconds.
    pub max_clock_duration: u64,
    /// Time that a large pre-image proposal stays open for challenge in the oracle, in seconds.
    pub challenge_period: u128,
    /// Chain id of the L2; 0 in a super game.
    pub l2_chain_id: U256,
    /// Who may play, if not everybody may. In the parameters of an implementation from 2.0 on this only says
    /// that games are permissioned.
    pub roles: Option<Roles>,
    /// More time while L1 fees outgrow the bonds; `None` is exactly upstream.
    pub fee_spikes: Option<FeeSpikes>,
}

impl Params {
    /// Depths and times of OP mainnet's Cannon game (type 0).
    pub fn mainnet(absolute_prestate: B256) -> Self {
        Self {
            version: Version::default(),
            game_type: 0,
            absolute_prestate,
            max_depth: 73,
            split_depth: 30,
            clock_extension: 10_800,
            max_clock_duration: 302_400,
            challenge_period: 86_400,
            l2_chain_id: U256::from(10),
            roles: None,
            fee_spikes: None,
        }
    }

    /// The parameters of OP mainnet's super game (type 9) since September 2026: the same depths and times.
    pub fn mainnet_super(absolute_prestate: B256) -> Self {
        Self {
            version: Version::Super0_8,
            game_type: 9,
            l2_chain_id: U256::ZERO,
            ..Self::mainnet(absolute_prestate)
        }
    }
}

/// Checked parameters, and the bonds that follow from them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    params: Params,
    max_depth: u8,
    split_depth: u8,
    challenge_period: u64,
    bonds: Vec<u128>,
}

impl Rules {
    /// Checks `params` as the constructor of the game's implementation does.
    ///
    /// # Errors
    /// `MaxDepthTooLarge`, `InvalidSplitDepth`, `InvalidChallengePeriod`, `InvalidClockExtension`,
    /// `ReservedGameType` (from 1.4 up to 1.8), `InvalidFeeSpikes`, in this order. From 2.0 on the challenge
    /// period is checked when a game is made: [`Rules::check_challenge_period`].
    pub fn new(params: Params) -> Result<Self, Revert> {
        let (max, split) = (params.max_depth, params.split_depth);
        if max > MAX_POSITION_BITS - 1 {
            return Err(Revert::MaxDepthTooLarge);
        }
        if split >= max.saturating_sub(1) || split < 2 {
            return Err(Revert::InvalidSplitDepth);
        }
        if params.version.has_arguments() {
            if u128::from(params.clock_extension) * 2 > u128::from(params.max_clock_duration) {
                return Err(Revert::InvalidClockExtension);
            }
        } else {
            check_challenge_period(&params)?;
            let reserves = !params.version.pays_at_resolution();
            if reserves && params.game_type == u32::MAX {
                return Err(Revert::ReservedGameType);
            }
        }
        if let Some(spikes) = params.fee_spikes {
            spikes.check(params.max_clock_duration)?;
        }
        let (Ok(max_depth), Ok(split_depth)) = (u8::try_from(max), u8::try_from(split)) else {
            return Err(Revert::MaxDepthTooLarge);
        };
        Ok(Self {
            max_depth,
            split_depth,
            challenge_period: u64::try_from(params.challenge_period).unwrap_or(u64::MAX),
            bonds: bond::schedule(max_depth)?,
            params,
        })
    }

    /// Checks the oracle's challenge period, as a game from 2.0 on does when it is initialized.
    ///
    /// # Errors
    /// `InvalidChallengePeriod`, `InvalidClockExtension`.
    pub fn check_challenge_period(&self) -> Result<(), Revert> {
        check_challenge_period(&self.params)
    }

    /// The rules of a game that is made with these arguments.
    #[must_use]
    pub fn with_arguments(&self, game_type: u32, args: &FaultArgs) -> Self {
        let mut rules = self.clone();
        rules.params.game_type = game_type;
        rules.params.absolute_prestate = args.absolute_prestate;
        rules.params.l2_chain_id = args.l2_chain_id;
        rules.params.roles = args.roles;
        rules
    }

    /// The rules of a permissioned super game, which is won at once: only the roles count.
    #[must_use]
    pub(crate) fn won_at_creation(&self, game_type: u32, roles: Roles) -> Self {
        let mut rules = self.clone();
        rules.params.game_type = game_type;
        rules.params.roles = Some(roles);
        rules
    }

    /// What the rules were made from.
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// Depth of the deepest claims.
    pub const fn max_depth(&self) -> u8 {
        self.max_depth
    }

    /// Depth of the deepest claims about output roots.
    pub const fn split_depth(&self) -> u8 {
        self.split_depth
    }

    /// Time each side has, in seconds.
    pub const fn max_clock_duration(&self) -> u64 {
        self.params.max_clock_duration
    }

    /// The exact bond, in wei, of a claim at `position`.
    ///
    /// # Errors
    /// `GameDepthExceeded` below the deepest level.
    pub fn required_bond(&self, position: Position) -> Result<u128, Revert> {
        let bond = self.bonds.get(usize::from(position.depth()));
        bond.copied().ok_or(Revert::GameDepthExceeded)
    }

    /// Index into the trace of its execution of the instruction whose post-state a claim at
    /// `position`, below the split depth, commits to; from 0.
    pub fn instruction(&self, position: Position) -> u128 {
        // An execution is the tree below one claim at the level under the split depth.
        let leaves = 1u128 << (self.max_depth - self.split_depth - 1);
        position.trace_index(self.max_depth) & (leaves - 1)
    }

    /// Seconds that a side is left with at least after its claim at `depth`.
    ///
    /// A claim one above the deepest level gets the oracle's challenge period on top, because its side's
    /// next answer may need a large pre-image. A claim one above the split depth gets twice the extension,
    /// because its side's next answer may need a first run of the VM. (Upstream's text knows only the second
    /// case; these are the rules of its code.)
    pub const fn extension(&self, depth: u8) -> u64 {
        let extension = self.params.clock_extension;
        if depth == self.max_depth - 1 {
            extension.saturating_add(self.challenge_period)
        } else if depth == self.split_depth - 1 {
            extension.saturating_mul(2)
        } else {
            extension
        }
    }
}

fn check_challenge_period(params: &Params) -> Result<(), Revert> {
    if params.challenge_period > u128::from(u64::MAX) {
        return Err(Revert::InvalidChallengePeriod);
    }
    let extension = u128::from(params.clock_extension);
    let longest = (extension * 2).max(extension + params.challenge_period);
    if longest > u128::from(params.max_clock_duration) {
        return Err(Revert::InvalidClockExtension);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Params)) -> Result<Rules, Revert> {
        let mut params = Params::mainnet(B256::ZERO);
        change(&mut params);
        Rules::new(params)
    }

    #[test]
    fn mainnet() {
        let rules = with(|_| ()).expect("mainnet's own parameters");
        assert_eq!((rules.max_depth(), rules.split_depth()), (73, 30));
        assert_eq!(rules.extension(29), 21_600);
        assert_eq!(rules.extension(72), 97_200);
        assert_eq!(rules.extension(30), 10_800);
        let below = Position::new(74, 0).expect("a position");
        assert_eq!(rules.required_bond(below), Err(Revert::GameDepthExceeded));
        assert_eq!(
            rules.required_bond(Position::ROOT),
            Ok(80_000_000_000_000_000)
        );
    }

    #[test]
    fn the_constructor_refuses() {
        use Revert::{
            InvalidChallengePeriod, InvalidClockExtension, InvalidSplitDepth, MaxDepthTooLarge,
        };
        let depths = |max, split| {
            with(|p| (p.max_depth, p.split_depth) = (max, split)).map(|rules| rules.bonds.len())
        };
        assert_eq!(depths(126, 30), Err(MaxDepthTooLarge));
        assert_eq!(depths(u64::MAX, u64::MAX), Err(MaxDepthTooLarge));
        assert_eq!(depths(125, 123), Ok(126));
        assert_eq!(depths(125, 124), Err(InvalidSplitDepth));
        assert_eq!(depths(73, u64::MAX), Err(InvalidSplitDepth));
        assert_eq!(depths(0, 0), Err(InvalidSplitDepth));
        assert_eq!(depths(4, 1), Err(InvalidSplitDepth));
        assert_eq!(depths(4, 2), Ok(5));

        let times = |extension, clock, challenge| {
            with(|p| {
                p.clock_extension = extension;
                p.max_clock_duration = clock;
                p.challenge_period = challenge;
            })
            .map(|_| ())
        };
        assert_eq!(times(10, 20, 10), Ok(()));
        assert_eq!(times(10, 19, 0), Err(InvalidClockExtension));
        assert_eq!(times(10, 20, 11), Err(InvalidClockExtension));
        assert_eq!(times(u64::MAX, u64::MAX, 0), Err(InvalidClockExtension));
        assert_eq!(times(0, 0, 0), Ok(()));
        assert_eq!(times(1, 1, 1 << 64), Err(InvalidChallengePeriod));
    }
}
