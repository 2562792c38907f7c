package io.ktrain.script

import io.ktrain.tensor.Check
import io.ktrain.tensor.Device
import io.ktrain.tensor.ScriptError
import io.ktrain.train.Run

/** What a script sees of its run; the implicit receiver of every script. */
public class ScriptContext internal constructor(
  /** The names of the script's params, as its class has them. */
  private val names: Set<String>,
  /** Values for some of them, of the params' types. */
  private val arguments: Map<String, Any> = emptyMap(),
  /** Stop once all params are declared. */
  private val describing: Boolean = false,
) {
  private val declared = LinkedHashMap<String, Param<*>>()

  internal val params: List<Param<*>> get() = declared.values.toList()

  /** Where models and batches belong: what `--device` asked for, else `cuda:0` if there is one, else `cpu`. */
  public val device: Device get() = Run.current().device

  /** True in `ktrain check` and `ktrain summary`: shapes are real, values are not, and nothing is written. */
  public val isCheck: Boolean get() = Check.active()

  /**
   * A setting of this script: `val batchSize by param(64)` is `--batch-size` on the command line. The type is the
   * default's: Int, Long, Double, Boolean, String, Path or an enum.
   *
   * @param search where a tuner may look
   * @param help one line for `ktrain run SCRIPT --help`
   */
  public inline fun <reified T : Any> param(default: T, search: Search<T>? = null, help: String = ""): Param<T> =
    param(default, T::class.javaObjectType, search, help)

  @PublishedApi
  internal fun <T : Any> param(default: T, type: Class<T>, search: Search<T>?, help: String): Param<T> =
    Param(this, default, type, search, help)

  internal fun <T : Any> valueOf(param: Param<T>): T {
    if (param.name !in names) throw misplaced(param.name)
    ParamType.of(param.type) ?: throw ScriptError(
      "param: ${param.name} is a ${param.type.simpleName}. Fix: Int, Long, Double, Boolean, String, Path or an enum.",
    )
    OwnFlag.entries.find { it.flag == param.flag }?.let {
      throw ScriptError("param: ${param.name} would be ${it.flag}, ktrain's own flag (${it.help}). Fix: another name.")
    }
    if (param.name in declared) throw ScriptError("param: there are two params named ${param.name}. Fix: rename one.")
    return arguments[param.name]?.let(param.type::cast) ?: param.default
  }

  internal fun declared(param: Param<*>) {
    declared[param.name] = param
    if (describing && declared.size == names.size) throw Described()
  }

  /** An Error, so that a script's own catch of Exception lets it through. */
  internal class Described : Error(null, null, false, false) {
    private companion object { private const val serialVersionUID = 1L }
  }
}
