// Exists so that the tests' precompiled header has a target of its own.
