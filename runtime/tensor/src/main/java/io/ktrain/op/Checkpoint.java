package io.ktrain.op;

import io.ktrain.memory.Scope;
import io.ktrain.random.Generator;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/**
 * A stretch of the forward pass whose values are not kept: backward computes them again, with the random numbers and
 * the types of the first time. It stands in the graph as one operation outside the table.
 */
public final class Checkpoint {
  private static final Op<Checkpoint> OP =
      new Op<>(OpBuilder.op("checkpoint", Checkpoint.class, "A stretch computed again in backward.")
      .internal().grads((call, g, needed) -> {
        throw new IllegalStateException("the walk puts the stretch itself into its place");
      }));

  private final Function<List<Tensor>, List<Tensor>> body;
  private final Autocast autocast;
  private final String layer;
  private final long seed;
  private final long position;

  private Checkpoint(Function<List<Tensor>, List<Tensor>> body) {
    Context context = Context.current();
    Generator generator = context.generator();
    this.body = body;
    autocast = context.autocast();
    layer = context.layer();
    seed = generator.seed();
    position = generator.position();
  }

  /** What {@code body} makes of the inputs; all that it computes on the way is given back when it ends. */
  public static List<Tensor> run(Function<List<Tensor>, List<Tensor>> body, Tensor... in) {
    Context context = Context.current();
    List<Tensor> inputs = Collections.unmodifiableList(Arrays.asList(in));
    if (!context.isGradEnabled()) return body.apply(inputs);
    var checkpoint = new Checkpoint(body);
    Scope scope = context.open("checkpoint");
    try {
      List<Tensor> made = body.apply(inputs);
      for (Tensor t : made) if (t.hasStorage()) scope.release(t.storage());
      if (!Dispatch.records(made.toArray(Tensor[]::new))) return made;
      Tensor[] out = made.stream().map(Tensor::detach).toArray(Tensor[]::new);
      Dispatch.record(OP, checkpoint, out, in);
      for (int i = 0; i < out.length; i++) if (!made.get(i).getRequiresGrad()) out[i] = made.get(i);
      return List.of(out);
    } finally {
      context.close(scope);
    }
  }

  /** The outputs once more, in the graph, from the inputs as they were. */
  public Tensor[] again(Call<?> call) {
    Tensor[] in = new Tensor[call.inputs()];
    for (int i = 0; i < in.length; i++) in[i] = call.in(i);
    Context context = Context.current();
    Generator generator = context.generator();
    long seedNow = generator.seed(), positionNow = generator.position();
    String layerNow = context.layer();
    generator.restore(seed, position);
    context.setLayer(layer);
    try {
      List<Tensor> out = context.withAutocast(autocast == null ? null : autocast.fork(),
          () -> context.withGrad(true, () -> body.apply(Collections.unmodifiableList(Arrays.asList(in)))));
      if (out.size() != call.outputs())
        throw new KtrainException("checkpoint: gave " + call.outputs() + " tensors in forward and " + out.size()
            + " when it was computed again. Fix: a block that does the same each time.");
      for (int i = 0; i < out.size(); i++)
        if (!out.get(i).getShape().equals(call.result(i).getShape()))
          throw new KtrainException("checkpoint: gave " + call.result(i).describe() + " in forward and "
              + out.get(i).describe()
              + " when it was computed again. Fix: a block that does the same each time.");
      return out.toArray(Tensor[]::new);
    } finally {
      context.setLayer(layerNow);
      generator.restore(seedNow, positionNow);
    }
  }
}
