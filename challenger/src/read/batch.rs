//! Many questions in one call.
//!
//! A call that creates a contract returns whatever its creation code returns, and changes nothing. So creation
//! code that asks one contract after another puts hundreds of questions to a node at once, on every chain and
//! without a contract for it there.

use alloy_primitives::{Address, Bytes};
use fpvm_l1::{At, Call, Chain, Error, Revert};

/// A contract, and what it is asked.
pub(super) type Question = (Address, Bytes);
/// What a contract returns, or reverts with.
pub(super) type Answer = Result<Bytes, Revert>;

/// Bytes of creation code that every chain takes (EIP-3860 allows 49,152).
const LIMIT_IN: usize = 40_000;
/// Bytes of returned data that every chain takes for a contract's code (EIP-170 allows 24,576).
const LIMIT_OUT: usize = 20_000;
/// Bytes before each question: the contract, and the length.
const HEAD_IN: usize = 22;
/// Bytes before each answer: whether the call succeeded, and the length.
const HEAD_OUT: usize = 3;

/// The creation code; questions follow it. `p` is where the next question lies in memory, `o` where the next
/// answer goes; a comment shows the stack, its top last.
const CODE: [u8; 85] = [
    0x38, 0x60, 0x00, 0x60, 0x00, 0x39, // codecopy(0, 0, codesize)
    0x60, 85, 0x38, // p o: questions begin after this code, answers after the questions
    0x5b, // 9: loop
    0x81, 0x38, 0x11, 0x15, 0x60, 79, 0x57, // if p >= codesize, go to the end
    0x81, 0x51, // p o head
    0x80, 0x60, 80, 0x1c, 0x61, 0xff, 0xff, 0x16, // p o head length
    0x90, 0x60, 96, 0x1c, // p o length contract
    0x60, 0x00, 0x60, 0x00, 0x83, // p o length contract 0 0 length
    0x86, 0x60, 22, 0x01, // … p + 22
    0x84, 0x5a, 0xfa, // p o length contract success
    0x83, 0x53, 0x50, // p o length, and success is in memory at o
    0x91, 0x60, 22, 0x01, 0x82, 0x01, // length o p', where p' = p + 22 + length
    0x91, 0x50, // p' o
    0x3d, 0x60, 240, 0x1b, // p' o returndatasize << 240
    0x81, 0x60, 1, 0x01, 0x52, // at o + 1
    0x3d, 0x60, 0x00, 0x82, 0x60, 3, 0x01, 0x3e, // returndatacopy(o + 3, 0, returndatasize)
    0x3d, 0x01, 0x60, 3, 0x01, // p' o', where o' = o + 3 + returndatasize
    0x60, 9, 0x56, // go to loop
    0x5b, // 79: end
    0x38, 0x90, 0x03, 0x38, 0xf3, // return(codesize, o - codesize)
];

/// How many of these questions, each with the length of the answer that is expected, go into one call; at least
/// one.
pub(super) fn fitting<'q>(questions: impl IntoIterator<Item = (&'q Question, usize)>) -> usize {
    let (mut count, mut bytes_in, mut bytes_out) = (0, CODE.len(), 0);
    for ((_, data), expected) in questions {
        bytes_in += HEAD_IN + data.len();
        bytes_out += HEAD_OUT + expected;
        if count > 0 && (bytes_in > LIMIT_IN || bytes_out > LIMIT_OUT) {
            break;
        }
        count += 1;
    }
    count
}

/// The answers to these questions at a block, in their order; `None` if the node gives something that the code
/// cannot return.
///
/// # Errors
/// If the node does not answer, or refuses.
pub(super) fn ask(
    chain: &dyn Chain,
    at: At,
    questions: &[Question],
) -> Result<Option<Vec<Answer>>, Error> {
    let mut code = CODE.to_vec();
    for (contract, data) in questions {
        let Ok(length) = u16::try_from(data.len()) else {
            return Ok(None);
        };
        code.extend_from_slice(contract.as_slice());
        code.extend_from_slice(&length.to_be_bytes());
        code.extend_from_slice(data);
    }
    let call = Call {
        data: code.into(),
        ..Call::default()
    };
    let answer = chain.call(&call, at)?;
    let answers = parse(&answer);
    Ok(answers.filter(|answers| answers.len() == questions.len()))
}

fn parse(mut rest: &[u8]) -> Option<Vec<Answer>> {
    let mut answers = Vec::new();
    while let Some((head, tail)) = rest.split_first_chunk::<HEAD_OUT>() {
        let [success, high, low] = *head;
        let (data, after) = tail.split_at_checked(u16::from_be_bytes([high, low]).into())?;
        let data = Bytes::copy_from_slice(data);
        answers.push(match success {
            0 => Err(Revert(data)),
            1 => Ok(data),
            _ => return None,
        });
        rest = after;
    }
    rest.is_empty().then_some(answers)
}
