//! Reads many subjects at once, so that few calls ask what all of them need.
//!
//! Reading a game takes one question after the other, because most depend on the answers before. Here each of
//! many readings runs until its first question that has no answer yet; then all of these are asked in one call (see
//! `batch`), and the readings run again, further. A thousand games take as many calls as one game takes questions,
//! and they are read by the same code as one.

use std::sync::atomic::{AtomicBool, Ordering};

use fpvm_l1::{At, Error};

use super::batch::{self, Answer, Question};
use super::{ReadError, Reader};
use crate::parallel;

/// The expected bytes of an answer: most answers have one or a few words.
const EXPECTED: usize = 96;

/// Reads each of `subjects` by `read`, all at the reader's block; `threads` calls go to the chain at once. Each subject
/// has its own result. `read` may run several times for one, and must ask by the reader it is given.
///
/// A reader that [remembers nothing](Reader::at) asks each question alone.
///
/// # Errors
/// If the chain does not answer at all, or has dropped the block, so that nothing is known about any subject.
pub fn together<S, T>(
    reader: &Reader<'_>,
    threads: usize,
    subjects: &mut [S],
    mut read: impl FnMut(&Reader<'_>, &mut S) -> Result<T, ReadError>,
) -> Result<Vec<Result<T, ReadError>>, ReadError> {
    let mut results: Vec<Option<Result<T, ReadError>>> = Vec::new();
    results.resize_with(subjects.len(), || None);
    loop {
        if let Some(memory) = reader.memory {
            memory.put_off(true);
        }
        for (subject, result) in subjects.iter_mut().zip(&mut results) {
            if result.is_none() {
                *result = match read(reader, subject) {
                    Err(ReadError::PutOff) => None,
                    done => Some(done),
                };
            }
        }
        let Some(memory) = reader.memory else { break };
        let questions = memory.put_off(false);
        if questions.is_empty() {
            break;
        }
        let answers = ask_all(reader, threads, &questions)?;
        memory.learn_together(&reader.block, questions.into_iter().zip(answers));
    }
    // A reading is put off only by a question that is asked then.
    let results = results.into_iter();
    Ok(results
        .map(|result| result.unwrap_or(Err(ReadError::PutOff)))
        .collect())
}

/// The answers, in the order of the questions; none if the node gives no answer to several at once.
fn ask_all(
    reader: &Reader<'_>,
    threads: usize,
    questions: &[Question],
) -> Result<Vec<Option<Answer>>, ReadError> {
    let mut parts = Vec::new();
    let mut rest = questions;
    while !rest.is_empty() {
        let expected = rest.iter().map(|question| (question, EXPECTED));
        let (part, after) = rest.split_at(batch::fitting(expected).min(rest.len()));
        parts.push(part);
        rest = after;
    }
    let failed = AtomicBool::new(false);
    let answers = parallel::each(threads, parts, |part| {
        // One failure is enough to give up.
        if failed.load(Ordering::Relaxed) {
            return Ok(Vec::new());
        }
        let answers = ask_part(reader, part);
        failed.fetch_or(answers.is_err(), Ordering::Relaxed);
        answers
    });
    let answers: Vec<_> = answers.into_iter().collect::<Result<_, _>>()?;
    Ok(answers.into_iter().flatten().collect())
}

/// The answers to questions that fit one call. A call that the node refuses is halved: it may take too much gas there.
fn ask_part(reader: &Reader<'_>, part: &[Question]) -> Result<Vec<Option<Answer>>, ReadError> {
    if part.len() == 1 {
        return Ok(vec![None]);
    }
    match batch::ask(reader.chain, At::Hash(reader.block.hash), part) {
        Ok(Some(answers)) => return Ok(answers.into_iter().map(Some).collect()),
        Err(error @ (Error::Unreachable { .. } | Error::NoBlock { .. })) => {
            return Err(error.into());
        }
        Ok(None) | Err(_) => {}
    }
    let (one, other) = part.split_at(part.len() / 2);
    let mut answers = ask_part(reader, one)?;
    answers.extend(ask_part(reader, other)?);
    Ok(answers)
}
