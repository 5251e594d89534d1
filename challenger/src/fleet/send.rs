//! What goes out together, as far as there is money.

use alloy_primitives::U256;
use l1::{At, Call, Error, Progress, Request};

use super::{Fleet, FleetError, Knowledge};
use crate::event::{Event, Tell};
use crate::player::Deed;
use crate::read::Reader;
use crate::reasons;

/// The most transactions that are on their way at once: nodes keep few of an account for sure.
const BATCH: usize = 16;

impl<K: Knowledge> Fleet<K> {
    /// Sends what can be sent; how many went through.
    pub(super) fn send(
        &mut self,
        nonce: u64,
        deeds: &[Deed],
        reader: &Reader<'_>,
        tell: &mut Tell<'_>,
    ) -> Result<usize, FleetError> {
        let account = self.account();
        let mut left = self.chain.balance(account, At::Latest)?;
        let price = reader.block.base_fee.saturating_mul(2);
        let price = price.saturating_add(self.chain.tip()?);
        let price = U256::from(price.min(self.options.policy.max_fee));
        let mut going: Vec<(&Deed, Request)> = Vec::new();
        for deed in deeds {
            if going.len() == BATCH {
                break;
            }
            let request = match self.estimated(&deed.request) {
                Ok(request) => request,
                Err(Error::Reverted(revert)) => {
                    tell.event(Event::refused(deed, &reasons::told(&revert)));
                    continue;
                }
                // geth says so of calls that cost more than there is.
                Err(Error::Refused { message, .. }) => {
                    tell.event(Event::refused(deed, &message));
                    continue;
                }
                Err(other) => return Err(other.into()),
            };
            let gas = U256::from(request.gas.unwrap_or_default());
            let cost = gas.saturating_mul(price).saturating_add(request.value);
            match left.checked_sub(cost) {
                Some(rest) => left = rest,
                None => {
                    let (have, cost) = (l1::ether(left), l1::ether(cost));
                    let why = format!("{account} has {have} left, and it takes up to {cost}");
                    tell.event(Event::refused(deed, &why));
                    continue;
                }
            }
            going.push((deed, request));
        }
        let requests: Vec<_> = going.iter().map(|(_, request)| request.clone()).collect();
        if requests.is_empty() {
            return Ok(0);
        }
        let mut told = |progress: Progress<'_>| tell.progress(&progress);
        let receipts = self.hasty.send_from(nonce, &requests, &mut told)?;
        for ((deed, _), receipt) in going.iter().zip(&receipts) {
            tell.event(Event::done(deed, receipt));
        }
        Ok(receipts.len())
    }

    /// A request with a gas limit, so that several can be sent at once.
    fn estimated(&self, request: &Request) -> Result<Request, Error> {
        let gas = match request.gas {
            Some(gas) => gas,
            None => {
                let gas = self.chain.estimate(&Call {
                    from: self.account(),
                    to: request.to,
                    data: request.data.clone(),
                    value: request.value,
                })?;
                // Others of the same block may change what it costs.
                gas.saturating_add(gas / 3)
            }
        };
        Ok(Request {
            gas: Some(gas),
            ..request.clone()
        })
    }
}
