//! What it takes to repeat an execution by hand: its pre-images in a folder, and a command line.

use std::path::Path;
use std::sync::Arc;

use fpvm_oracle::store::{Directory, Store as _};
use fpvm_oracle::{Error, Key};

/// Writes pre-images into a folder, which is made where it is not there.
///
/// # Errors
/// If the folder or one of its files cannot be written.
pub fn write_preimages(folder: &Path, reads: &[(Key, Arc<[u8]>)]) -> Result<(), Error> {
    let mut directory = Directory::create(folder)?;
    for (key, value) in reads {
        directory.put(*key, value)?;
    }
    directory.flush()
}

/// A command line of these words, quoted as a shell takes them.
pub fn command_line<const N: usize>(words: [String; N]) -> String {
    words.map(quoted).join(" ")
}

fn quoted(word: String) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+=:@%,".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_they_have_to_be() {
        let words = ["/a/b-1.bin", "/my data/x", "it's", ""].map(String::from);
        assert_eq!(command_line(words), r"/a/b-1.bin '/my data/x' 'it'\''s' ''");
    }
}
