package io.ktrain.tensor;

import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The state of one `ktrain check`: bound around the script, looked at by Dispatch (no kernels), by sources and
 * loaders (no data, one batch), by fit (one step) and by everything of ktrain that writes a file (nothing is written).
 */
public class Check {
    private static final ScopedValue<Check> CURRENT = ScopedValue.newInstance();
    /** So many reads of unknown values mean a loop that waits for a value: the check ends there. */
    private static final int READS = 1_000;

    private int reads;
    private StackTraceElement firstRead;
    /** Files the script would have written, by absolute path, so that it can load them again; the tensors have no elements. */
    public final Map<Path, Map<String, ?>> written = new HashMap<>();

    private final Map<Object, Input> inputs = new LinkedHashMap<>();
    private final Map<Object, Shape> outputs = new LinkedHashMap<>();
    private final Set<Tensor> trained = Collections.newSetFromMap(new IdentityHashMap<>());

    public static Check current() { return CURRENT.isBound() ? CURRENT.get() : null; }
    public static boolean active() { return CURRENT.isBound(); }
    public static void run(Check check, Runnable body) { ScopedValue.where(CURRENT, check).run(body); }

    /** True once the script has looked at a number that is not known: from here its own exceptions prove nothing. */
    public boolean valuesRead() { return reads > 0; }

    /** Where: a size made from such a number is not known either. */
    public StackTraceElement firstRead() { return firstRead; }

    public void read(Tensor t) {
        if (firstRead == null) firstRead = StackWalker.getInstance().walk(f -> f.filter(x -> !x.getClassName().startsWith("io.ktrain.")).findFirst()).map(StackWalker.StackFrame::toStackTraceElement).orElse(null);
        if (++reads > READS) throw new Stopped("the script read " + READS + " values (last of " + t.describe() + "); a loop that ends by a value cannot be checked further");
    }

    /** What a layer was called with. */
    public record Input(DType dtype, Shape shape) {}

    /** Told by Module.register: a module being made has this parameter or buffer. May refuse it by an exception. */
    public void registered(Tensor member) {}

    /** Told by Module.invoke, outermost layers first. */
    public void called(Object layer, Tensor input) { inputs.putIfAbsent(layer, new Input(input.getDtype(), input.getShape())); }

    /** Told by Module.invoke, innermost layers first. */
    public void returned(Object layer, Tensor output) { outputs.putIfAbsent(layer, output.getShape()); }

    /** What layers gave at their first call, in the order in which they were done. */
    public Map<Object, Shape> outputs() { return Collections.unmodifiableMap(outputs); }

    /** Told by optimizers: what they would have changed. */
    public void stepped(Collection<? extends Tensor> parameters) { trained.addAll(parameters); }

    /** What some optimizer would have changed, had there been gradients for it. */
    public Set<Tensor> trained() { return Collections.unmodifiableSet(trained); }

    /** The layers called so far with their first inputs, in the order of their calls. */
    public Map<Object, Input> inputs() { return Collections.unmodifiableMap(inputs); }

    /** Not an Exception, so that a script's own catch or runCatching of Exception lets it through. */
    public static final class Stopped extends Error {
        public Stopped(String why) { super(why, null, false, true); }
    }
}
