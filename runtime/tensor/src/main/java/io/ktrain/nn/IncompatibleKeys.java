package io.ktrain.nn;

import java.util.List;

/** What a load without {@code strict} left out: names the model has and the state lacks, and the other way round. */
public record IncompatibleKeys(List<String> missingKeys, List<String> unexpectedKeys) {}
