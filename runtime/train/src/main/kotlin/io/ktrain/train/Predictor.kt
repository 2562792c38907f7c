package io.ktrain.train

import io.ktrain.nn.Module
import io.ktrain.tensor.Context
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Tensor
import java.nio.file.Path
import java.util.function.Function

/**
 * A trained model for a service: one sample in, one answer out. Any number of threads may call one predictor, and they
 * share one model. Nothing of a call outlives it but its answer.
 *
 * ```java
 * try (Predictor<float[], Long> p = Predictor.load(file, new Mlp(), Tensor::of, t -> t.argmax(0).itemLong())) {
 *   long species = p.predict(new float[] {5.1f, 3.5f, 1.4f, 0.2f});
 * }
 * ```
 */
public class Predictor<I, O> private constructor(
  private val model: Module,
  private val input: Function<in I, Tensor>,
  private val output: Function<in Tensor, out O>,
) : AutoCloseable {
  @Volatile private var closed = false

  /** The answer for one sample. */
  public fun predict(sample: I): O {
    if (closed) throw KtrainException("predict: the predictor is closed. Fix: predict before close().")
    val context = Context.current()
    return context.scoped("predict") {
      context.withGrad(false) {
        val x = input.apply(sample).unsqueeze(0)
        output.apply(model(model.device()?.let(x::to) ?: x).select(0, 0))
      }
    }
  }

  /** Later calls of [predict] fail; those under way end well. */
  override fun close() {
    closed = true
  }

  public companion object {
    /**
     * Reads the parameters of [model] from a `.safetensors` or `.pt` file and puts it into eval mode; it must not be trained
     * afterwards.
     *
     * @param input one sample as a tensor, without the batch dim
     * @param output the answer from the model's output for that sample, without the batch dim
     */
    @JvmStatic
    public fun <I, O> load(
      file: Path,
      model: Module,
      input: Function<in I, Tensor>,
      output: Function<in Tensor, out O>,
    ): Predictor<I, O> {
      model.load(file)
      model.setTraining(false)
      return Predictor(model, input, output)
    }
  }
}
