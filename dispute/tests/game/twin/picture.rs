//! All that a game shows, in the model and on its contract.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use fpvm_contracts::game::abi::FaultDisputeGame;
use fpvm_dispute::arguments::{FaultArgs, Roles};
use fpvm_dispute::game::Game;
use fpvm_dispute::revert::Revert;

use alloy_sol_types::sol;

use crate::deploy::Contracts;
use crate::evm::Evm;

sol! {
    interface SuperGame {
        function startingProposal() external view returns (bytes32 root, uint256 l2SequenceNumber);
        function startingSequenceNumber() external view returns (uint256);
    }
}

/// What kind of game it is, as far as it shows other things.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Plain,
    Super,
    /// A super game that is won when it is made.
    Won,
}

/// All that a game shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Picture {
    kind: Kind,
    extra_data: Vec<u8>,
    /// Of a super game: by chain, and one that is not there.
    outputs: Vec<(U256, Result<B256, Bytes>)>,
    /// Of creation and of resolution.
    times: (u64, u64),
    status: u8,
    block_challenge: (bool, Address),
    starting: (B256, U256),
    /// Creator, root claim, L1 head, L2 block.
    proposal: (Address, B256, B256, U256),
    claims: Vec<ClaimPicture>,
    credits: Vec<u128>,
    /// Held, from, until.
    fees: Option<(u64, u64, u64)>,
    game_time: Option<u64>,
    /// From 1.4 on.
    money: Option<Money>,
    /// From 2.0 on.
    args: Option<(u32, FaultArgs)>,
}

/// Bond mode, whether the type counted, and by account what it won, what it posted, whether it was unlocked.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Money {
    mode: u8,
    was_respected: bool,
    accounts: Vec<(u128, u128, bool)>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct ClaimPicture {
    parent: u32,
    countered_by: Address,
    claimant: Address,
    bond: u128,
    claim: B256,
    position: u128,
    clock: u128,
    answers: Vec<usize>,
    is_listed: bool,
    is_resolved: bool,
    checkpoint: (bool, u32, u128, Address),
    num_to_resolve: usize,
    challenger_duration: Result<u64, Bytes>,
    next_bond: Result<u128, Bytes>,
}

pub(super) fn picture_of_model(
    game: &Game,
    accounts: &[Address],
    now: u64,
    contracts: &Contracts,
) -> Picture {
    let credits = game.credits();
    let params = game.rules().params();
    let version = params.version;
    let account = |account: &Address| {
        let of = |credits: &BTreeMap<_, _>| credits.get(account).copied().unwrap_or_default();
        (
            of(&credits.normal),
            of(&credits.refund),
            credits.unlocked.contains(account),
        )
    };
    let money = (!version.pays_at_resolution()).then(|| Money {
        mode: credits.mode as u8,
        was_respected: game.was_respected(),
        accounts: accounts.iter().map(account).collect(),
    });
    let args = version
        .has_arguments()
        .then(|| (params.game_type, contracts.args(params)));
    let proposal = game.proposal();
    let chains = proposal.super_root.iter().flat_map(|root| &root.chains);
    let ids = chains.map(|chain| chain.chain_id).chain([U256::MAX]);
    let output = |id| {
        (
            id,
            game.root_claim_by_chain(id)
                .map_err(|reason| reason.data().into()),
        )
    };
    let fees = game.fees();
    let spikes = game.rules().params().fee_spikes;
    let claims = game.claims().iter().enumerate();
    let claims = claims.map(|(index, claim)| {
        let subgame = game.subgame(index).expect("each has one");
        let checkpoint = subgame.checkpoint.as_ref().map(|page| {
            let leftmost = page.leftmost;
            let (position, claimant) = leftmost
                .map_or((u128::MAX, Address::ZERO), |(position, claimant)| {
                    (position.gindex(), claimant)
                });
            (true, page.cursor as u32, position, claimant)
        });
        let bond = game.rules().required_bond(claim.position.attack());
        ClaimPicture {
            parent: claim.parent.map_or(u32::MAX, |parent| parent as u32),
            countered_by: claim.countered_by.unwrap_or_default(),
            claimant: claim.claimant,
            bond: claim.bond,
            claim: claim.claim,
            position: claim.position.gindex(),
            clock: claim.clock.packed(),
            answers: subgame.answers.clone(),
            is_listed: index != 0,
            is_resolved: subgame.resolved,
            checkpoint: checkpoint.unwrap_or_default(),
            num_to_resolve: game.num_to_resolve(index),
            challenger_duration: game
                .challenger_duration(index, now)
                .map_err(|reason| reason.data().into()),
            next_bond: bond.map_err(|reason| reason.data().into()),
        }
    });
    Picture {
        kind: match version {
            version if version.is_won_at_creation() => Kind::Won,
            version if version.is_super() => Kind::Super,
            _ => Kind::Plain,
        },
        extra_data: proposal.extra_data(),
        outputs: if version.is_super() {
            ids.map(output).collect()
        } else {
            Vec::new()
        },
        times: (game.created_at(), game.resolved_at()),
        status: game.status() as u8,
        block_challenge: (
            game.block_challenger().is_some(),
            game.block_challenger().unwrap_or_default(),
        ),
        starting: (game.starting().root, game.starting().block),
        proposal: (
            proposal.creator,
            proposal.root_claim,
            proposal.l1_head,
            proposal.l2_block,
        ),
        claims: claims.collect(),
        credits: accounts
            .iter()
            .map(|account| game.credit(*account))
            .collect(),
        fees: spikes.map(|_| (fees.held, fees.from, fees.until)),
        game_time: spikes.map(|_| game.game_time(now)),
        money,
        args,
    }
}

pub(super) fn picture_of_contract(
    evm: &mut Evm,
    game: Address,
    expected: &Picture,
    accounts: &[Address],
    spikes: bool,
) -> Picture {
    use FaultDisputeGame as Calls;
    let extra_data = evm.view(game, &Calls::extraDataCall {}).to_vec();
    let outputs = expected.outputs.iter().map(|(id, _)| {
        let call = Calls::rootClaimByChainIdCall { chainId: *id };
        (*id, evm.try_view(game, &call).map_err(Bytes::from))
    });
    let outputs = outputs.collect();
    if expected.kind == Kind::Won {
        return picture_of_won(evm, game, expected, extra_data, outputs);
    }
    let is_super = expected.kind == Kind::Super;
    let (starting, l2_block) = if is_super {
        let starting = evm.view(game, &SuperGame::startingProposalCall {});
        let number = evm.view(game, &SuperGame::startingSequenceNumberCall {});
        assert_eq!(starting.l2SequenceNumber, number);
        let l2_block = evm.view(game, &Calls::l2SequenceNumberCall {});
        ((starting.root, number), l2_block)
    } else {
        let starting = evm.view(game, &Calls::startingOutputRootCall {});
        assert_eq!(
            starting.l2BlockNumber,
            evm.view(game, &Calls::startingBlockNumberCall {})
        );
        let l2_block = evm.view(game, &Calls::l2BlockNumberCall {});
        assert_eq!(extra_data, l2_block.to_be_bytes_vec());
        ((starting.root, starting.l2BlockNumber), l2_block)
    };
    assert_eq!(starting.0, evm.view(game, &Calls::startingRootHashCall {}));
    let count: usize = evm.view(game, &Calls::claimDataLenCall {}).to();
    let claims = (0..count).map(|index| {
        let answers = expected
            .claims
            .get(index)
            .map_or(0, |claim| claim.answers.len());
        claim_of_contract(evm, game, index, answers)
    });
    let claims = claims.collect();
    // Beyond the end.
    for index in [U256::from(count), U256::MAX] {
        let none = evm.try_view(game, &Calls::claimDataCall { index });
        assert_eq!(none.err(), Some(Vec::new()));
        let claim_index = Calls::getNumToResolveCall { claimIndex: index };
        assert_eq!(evm.view(game, &claim_index), U256::ZERO);
        assert!(!evm.view(game, &Calls::resolvedSubgamesCall { claimIndex: index }));
    }
    let credits = accounts.iter().map(|account| {
        let credit = evm.view(game, &Calls::creditCall { account: *account });
        credit.to()
    });
    let credits = credits.collect();
    let fees = spikes.then(|| evm.view(game, &Calls::feeMeterCall {}));
    let money = expected.money.as_ref().map(|_| {
        let each = accounts.iter().map(|account| {
            let account = *account;
            (
                evm.view(game, &Calls::normalModeCreditCall { account })
                    .to(),
                evm.view(game, &Calls::refundModeCreditCall { account })
                    .to(),
                evm.view(game, &Calls::hasUnlockedCreditCall { account }),
            )
        });
        let accounts = each.collect();
        Money {
            mode: evm.view(game, &Calls::bondDistributionModeCall {}),
            was_respected: evm.view(game, &Calls::wasRespectedGameTypeWhenCreatedCall {}),
            accounts,
        }
    });
    let args = expected.args.map(|(_, expected)| {
        let number = evm.view(game, &Calls::l2SequenceNumberCall {});
        assert_eq!(number, l2_block);
        if is_super {
            // It shows no chain id: it has none.
            assert!(evm.try_view(game, &Calls::l2ChainIdCall {}).is_err());
        }
        let chain_id = if is_super {
            U256::ZERO
        } else {
            evm.view(game, &Calls::l2ChainIdCall {})
        };
        let mut of_chain = |chain_id| {
            let call = Calls::rootClaimByChainIdCall { chainId: chain_id };
            evm.try_view(game, &call)
        };
        // Before 2.4 there is no such function.
        let root = of_chain(chain_id);
        let other = of_chain(chain_id.wrapping_add(U256::ONE));
        if !is_super && (root.is_ok() || !other.as_ref().is_err_and(Vec::is_empty)) {
            assert_eq!(other, Err(Revert::UnknownChainId.data()));
            assert_eq!(root, Ok(evm.view(game, &Calls::rootClaimCall {})));
        }
        let roles = expected.roles.map(|_| Roles {
            proposer: evm.view(game, &Calls::proposerCall {}),
            challenger: evm.view(game, &Calls::challengerCall {}),
        });
        let args = FaultArgs {
            absolute_prestate: evm.view(game, &Calls::absolutePrestateCall {}),
            vm: evm.view(game, &Calls::vmCall {}),
            registry: evm.view(game, &Calls::anchorStateRegistryCall {}),
            vault: evm.view(game, &Calls::wethCall {}),
            l2_chain_id: chain_id,
            roles,
        };
        (evm.view(game, &Calls::gameTypeCall {}), args)
    });
    Picture {
        kind: expected.kind,
        extra_data,
        outputs,
        times: (
            evm.view(game, &Calls::createdAtCall {}),
            evm.view(game, &Calls::resolvedAtCall {}),
        ),
        status: evm.view(game, &Calls::statusCall {}),
        block_challenge: if is_super {
            (false, Address::ZERO)
        } else {
            (
                evm.view(game, &Calls::l2BlockNumberChallengedCall {}),
                evm.view(game, &Calls::l2BlockNumberChallengerCall {}),
            )
        },
        starting,
        proposal: (
            evm.view(game, &Calls::gameCreatorCall {}),
            evm.view(game, &Calls::rootClaimCall {}),
            evm.view(game, &Calls::l1HeadCall {}),
            l2_block,
        ),
        claims,
        credits,
        fees: fees.map(|meter| (meter.held, meter.from, meter.until)),
        game_time: spikes.then(|| evm.view(game, &Calls::gameTimeCall {})),
        money,
        args,
    }
}

/// A game that is won when it is made shows nothing else.
fn picture_of_won(
    evm: &mut Evm,
    game: Address,
    expected: &Picture,
    extra_data: Vec<u8>,
    outputs: Vec<(U256, Result<B256, Bytes>)>,
) -> Picture {
    use FaultDisputeGame as Calls;
    let roles = Roles {
        proposer: evm.view(game, &Calls::proposerCall {}),
        challenger: Address::ZERO,
    };
    let (_, args) = expected.args.expect("it has arguments");
    let args = FaultArgs {
        registry: evm.view(game, &Calls::anchorStateRegistryCall {}),
        roles: Some(roles),
        ..args
    };
    let of = expected
        .money
        .as_ref()
        .map_or(0, |money| money.accounts.len());
    Picture {
        kind: expected.kind,
        extra_data,
        outputs,
        times: (
            evm.view(game, &Calls::createdAtCall {}),
            evm.view(game, &Calls::resolvedAtCall {}),
        ),
        status: evm.view(game, &Calls::statusCall {}),
        block_challenge: (false, Address::ZERO),
        starting: (B256::ZERO, U256::ZERO),
        proposal: (
            evm.view(game, &Calls::gameCreatorCall {}),
            evm.view(game, &Calls::rootClaimCall {}),
            evm.view(game, &Calls::l1HeadCall {}),
            evm.view(game, &Calls::l2SequenceNumberCall {}),
        ),
        claims: Vec::new(),
        credits: vec![0; of],
        fees: None,
        game_time: None,
        money: Some(Money {
            mode: 0,
            was_respected: evm.view(game, &Calls::wasRespectedGameTypeWhenCreatedCall {}),
            accounts: vec![(0, 0, false); of],
        }),
        args: Some((evm.view(game, &Calls::gameTypeCall {}), args)),
    }
}

fn claim_of_contract(evm: &mut Evm, game: Address, index: usize, answers: usize) -> ClaimPicture {
    use FaultDisputeGame as Calls;
    let number = U256::from(index);
    let claim = evm.view(game, &Calls::claimDataCall { index: number });
    let key = {
        let place: U256 = (U256::from(claim.position) << 128) | U256::from(claim.parentIndex);
        keccak256([claim.claim, B256::from(place)].concat())
    };
    let answers: Vec<usize> = (0..answers)
        .map(|n| {
            let (claim_index, n) = (number, U256::from(n));
            let call = Calls::subgamesCall {
                claimIndex: claim_index,
                n,
            };
            evm.view(game, &call).to()
        })
        .collect();
    let (claim_index, n) = (number, U256::from(answers.len()));
    let beyond = Calls::subgamesCall {
        claimIndex: claim_index,
        n,
    };
    assert_eq!(evm.try_view(game, &beyond).err(), Some(Vec::new()));
    let page = evm.view(
        game,
        &Calls::resolutionCheckpointsCall { claimIndex: number },
    );
    let duration = Calls::getChallengerDurationCall { claimIndex: number };
    let next_bond = Calls::getRequiredBondCall {
        position: claim.position << 1,
    };
    ClaimPicture {
        parent: claim.parentIndex,
        countered_by: claim.counteredBy,
        claimant: claim.claimant,
        bond: claim.bond,
        claim: claim.claim,
        position: claim.position,
        clock: claim.clock,
        answers,
        is_listed: evm.view(game, &Calls::claimsCall { key }),
        is_resolved: evm.view(game, &Calls::resolvedSubgamesCall { claimIndex: number }),
        checkpoint: (
            page.initialCheckpointComplete,
            page.subgameIndex,
            page.leftmostPosition,
            page.counteredBy,
        ),
        num_to_resolve: evm
            .view(game, &Calls::getNumToResolveCall { claimIndex: number })
            .to(),
        challenger_duration: evm.try_view(game, &duration).map_err(Bytes::from),
        next_bond: evm
            .try_view(game, &next_bond)
            .map(|bond| bond.to())
            .map_err(Bytes::from),
    }
}
