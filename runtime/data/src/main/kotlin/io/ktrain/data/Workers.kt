package io.ktrain.data

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers

/** What loads ahead: [count] coroutines at a time. */
internal class Workers(count: Int, init: ((Int) -> Unit)?) {
  val dispatcher: CoroutineDispatcher = Dispatchers.IO.limitedParallelism(count)

  private val begun = lazy { runCatching { if (init != null) repeat(count, init) } }

  /** Sets up each of them, once; what went wrong there is thrown for every batch. */
  fun begin() = begun.value.getOrThrow()
}
