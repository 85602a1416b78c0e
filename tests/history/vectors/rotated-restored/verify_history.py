# Here stands the verifier, in a true export.
