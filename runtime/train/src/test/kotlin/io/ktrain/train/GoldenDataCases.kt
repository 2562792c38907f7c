package io.ktrain.train

/** How what loaders made is replayed, by operation. */
internal val DATA_CASES: Map<String, Replay> = mapOf()
