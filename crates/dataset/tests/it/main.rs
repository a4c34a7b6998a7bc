//! Reading and validating whole files.
