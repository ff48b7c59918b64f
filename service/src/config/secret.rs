//! Values that must not be printed, given directly or as the name of a file.

use std::convert::Infallible;

use secrecy::SecretString;

/// A secret's value, read once from the file that a `…_FILE` setting names.
#[derive(Clone, Debug)]
pub struct SecretFile(SecretString);

impl SecretFile {
    /// Reads the file; white space around the value is not part of it.
    ///
    /// # Errors
    /// When it cannot be read as text; the message names the file.
    pub fn read(path: &str) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read the file {path}: {error}"))?;
        Ok(Self(text.trim().to_owned().into()))
    }

    /// What the file held.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// For `clap`: the value itself.
pub(super) fn parse(value: &str) -> Result<SecretString, Infallible> {
    Ok(value.into())
}
