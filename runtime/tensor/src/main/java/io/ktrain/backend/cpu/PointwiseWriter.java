package io.ktrain.backend.cpu;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import io.ktrain.backend.cpu.PointwiseProgram.Code;
import io.ktrain.backend.cpu.PointwiseProgram.Level;
import io.ktrain.backend.cpu.PointwiseProgram.Node;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Writes a {@link PointwiseProgram} as flat methods over the global segment: addresses and constants first, then the
 * rows' loop with the columns' loop by whole vectors. The columns that do not fill a vector come in a second method,
 * row by row under one mask. Flat, because C2 does not inline vector code of this size through helpers, and a vector
 * that crosses a call is boxed; two methods, because C2's time grows faster than a method's size.
 */
final class PointwiseWriter {
  private static final ClassDesc FLOAT_VECTOR = desc(FloatVector.class);
  private static final ClassDesc INT_VECTOR = desc(IntVector.class);
  private static final ClassDesc VECTOR = desc(Vector.class);
  private static final ClassDesc MASK = desc(VectorMask.class);
  private static final ClassDesc SPECIES = desc(VectorSpecies.class);
  private static final ClassDesc SEGMENT = desc(MemorySegment.class);
  private static final ClassDesc BYTE_ORDER = desc(ByteOrder.class);
  private static final ClassDesc OF_FLOAT = desc(ValueLayout.OfFloat.class);
  private static final ClassDesc OPERATORS = desc(VectorOperators.class);
  private static final ClassDesc COMPARISON = desc(VectorOperators.Comparison.class);
  private static final ClassDesc BINARY = desc(VectorOperators.Binary.class);
  private static final ClassDesc CONVERSION = desc(VectorOperators.Conversion.class);
  private static final ClassDesc MEMORY = desc(VectorMemory.class);
  private static final MethodTypeDesc RUN = MethodTypeDesc.of(CD_void, CD_long.arrayType(), CD_long.arrayType(),
      CD_float.arrayType(), CD_long, CD_long, CD_int, CD_int);
  private static final MethodTypeDesc PART = RUN.insertParameterTypes(RUN.parameterCount(), CD_int);
  /** The locals of the two parts: static methods with run's parameters and the whole vectors' end. */
  private static final int OPERANDS = 0, STRIDES = 1, PARAMS = 2, OUT = 3, OUT_STRIDE = 5, ROWS = 7, COLS = 8, END = 9;
  private static final int ABSENT = -1;

  private final CodeBuilder code;
  private final PointwiseProgram program;
  private final boolean bool;
  /** The operand that each root is stored to; null where the one root goes to the output. */
  private final int[] written;
  private final int[] local, uses, address, stride;
  private int offset, column, mask = ABSENT;

  private PointwiseWriter(CodeBuilder code, PointwiseProgram program, boolean bool, int[] written) {
    this.code = code;
    this.program = program;
    this.bool = bool;
    this.written = written;
    int operands = 0;
    uses = new int[program.nodes.size()];
    for (int root : program.roots) uses[root]++;
    for (Node n : program.nodes) {
      for (int i = 0; i < n.code().arity; i++) uses[n.argument(i)]++;
      if (isOperand(n)) operands = Math.max(operands, n.a() + 1);
    }
    local = absent(uses.length);
    address = absent(operands);
    stride = absent(operands);
  }

  /** The class file of a {@link PointwiseKernel}. */
  static byte[] write(PointwiseProgram program, boolean bool) {
    return write(program, bool, null);
  }

  /** As above, for a kernel that stores its values to the operands {@code written}, when it has read all of them. */
  static byte[] writeInPlace(PointwiseProgram program, int[] written) {
    return write(program, false, written);
  }

  private static byte[] write(PointwiseProgram program, boolean bool, int[] written) {
    ClassDesc name = ClassDesc.of(PointwiseKernel.class.getPackageName(), "PointwiseKernelOf" + program.nodes.size());
    return ClassFile.of().build(name, type -> type
        .withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER)
        .withInterfaceSymbols(desc(PointwiseKernel.class))
        .withMethodBody(INIT_NAME, MTD_void, 0,
            c -> c.aload(0).invokespecial(CD_Object, INIT_NAME, MTD_void).return_())
        .withMethodBody("run", RUN, ClassFile.ACC_PUBLIC, c -> run(c, name))
        .withMethodBody("whole", PART, ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC,
            c -> new PointwiseWriter(c, program, bool, written).whole())
        .withMethodBody("rest", PART, ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC,
            c -> new PointwiseWriter(c, program, bool, written).rest()));
  }

  private static ClassDesc desc(Class<?> type) {
    return type.describeConstable().orElseThrow();
  }

  private static int[] absent(int n) {
    int[] a = new int[n];
    Arrays.fill(a, ABSENT);
    return a;
  }

  private static boolean isOperand(Node n) {
    return switch (n.code()) {
      case LOAD, SPREAD, LOAD_BOOL, SPREAD_BOOL -> true;
      default -> false;
    };
  }

  /** {@code end = loopBound(cols); if (end > 0) whole(...); if (end < cols) rest(...);} */
  private static void run(CodeBuilder code, ClassDesc name) {
    int cols = code.parameterSlot(6), end = code.allocateLocal(TypeKind.INT);
    Label rest = code.newLabel(), done = code.newLabel();
    code.getstatic(MEMORY, "FLOATS", SPECIES).iload(cols)
        .invokeinterface(SPECIES, "loopBound", MethodTypeDesc.of(CD_int, CD_int)).istore(end);
    code.iload(end).ifle(rest);
    part(code, name, "whole", end);
    code.labelBinding(rest).iload(end).iload(cols).if_icmpge(done);
    part(code, name, "rest", end);
    code.labelBinding(done).return_();
  }

  private static void part(CodeBuilder code, ClassDesc owner, String name, int end) {
    for (int i = 0; i < RUN.parameterCount(); i++)
      code.loadLocal(TypeKind.from(RUN.parameterType(i)), code.parameterSlot(i));
    code.iload(end).invokestatic(owner, name, PART);
  }

  private void whole() {
    int row = prologue(), col = code.allocateLocal(TypeKind.INT);
    Label rows = code.newLabel(), done = code.newLabel(), columns = code.newLabel(), next = code.newLabel();
    code.labelBinding(rows).iload(row).iload(ROWS).if_icmpge(done);
    evaluate(Level.ROW);
    code.iconst_0().istore(col).labelBinding(columns).iload(col).iload(END).if_icmpge(next);
    code.iload(col).i2l().iconst_2().lshl().lstore(offset);
    body(col);
    code.iload(col).getstatic(MEMORY, "LANES", CD_int).iadd().istore(col).goto_(columns);
    code.labelBinding(next);
    nextRow(row);
    code.goto_(rows).labelBinding(done).return_();
  }

  private void rest() {
    int row = prologue();
    mask = code.allocateLocal(TypeKind.REFERENCE);
    code.getstatic(MEMORY, "FLOATS", SPECIES).iload(END).iload(COLS)
        .invokeinterface(SPECIES, "indexInRange", MethodTypeDesc.of(MASK, CD_int, CD_int)).astore(mask);
    code.iload(END).i2l().iconst_2().lshl().lstore(offset);
    Label rows = code.newLabel(), done = code.newLabel();
    code.labelBinding(rows).iload(row).iload(ROWS).if_icmpge(done);
    evaluate(Level.ROW);
    body(END);
    nextRow(row);
    code.goto_(rows).labelBinding(done).return_();
  }

  /** Addresses, strides in bytes and constants into locals; returns the row counter, which is 0. */
  private int prologue() {
    for (Node n : program.nodes) {
      if (isOperand(n)) operand(n.a(), n.code() == Code.LOAD_BOOL || n.code() == Code.SPREAD_BOOL);
    }
    if (!bool) code.lload(OUT_STRIDE).iconst_2().lshl().lstore(OUT_STRIDE);
    evaluate(Level.KERNEL);
    offset = code.allocateLocal(TypeKind.LONG);
    int row = code.allocateLocal(TypeKind.INT);
    code.iconst_0().istore(row);
    return row;
  }

  private void nextRow(int row) {
    for (int i = 0; i < address.length; i++)
      if (address[i] != ABSENT) code.lload(address[i]).lload(stride[i]).ladd().lstore(address[i]);
    code.lload(OUT).lload(OUT_STRIDE).ladd().lstore(OUT).iinc(row, 1);
  }

  private void operand(int i, boolean bytes) {
    address[i] = code.allocateLocal(TypeKind.LONG);
    stride[i] = code.allocateLocal(TypeKind.LONG);
    code.aload(OPERANDS).loadConstant(i).laload().lstore(address[i]);
    code.aload(STRIDES).loadConstant(i).laload();
    if (!bytes) code.iconst_2().lshl();
    code.lstore(stride[i]);
  }

  /** Nodes of this level that a deeper level uses, into locals. */
  private void evaluate(Level level) {
    for (int i = 0; i < uses.length; i++) {
      if (program.level(i) != level) continue;
      push(i);
      if (local[i] == ABSENT) code.astore(local[i] = code.allocateLocal(TypeKind.REFERENCE));
      else code.pop();
    }
  }

  /** One vector of the output at column {@code col}; under {@link #mask} if there is one. */
  private void body(int col) {
    column = col;
    if (written != null) {
      inPlace();
      return;
    }
    push(program.roots[0]);
    if (bool) {
      code.invokevirtual(MASK, "toLong", MethodTypeDesc.of(CD_long)).lload(OUT).iload(column).i2l().ladd();
      lanes();
      code.invokestatic(MEMORY, "storeBits", MethodTypeDesc.of(CD_void, CD_long, CD_long, CD_int));
      return;
    }
    store(OUT);
  }

  private void inPlace() {
    for (int root : program.roots) {
      push(root);
      if (local[root] == ABSENT) code.astore(local[root] = code.allocateLocal(TypeKind.REFERENCE));
      else code.pop();
    }
    for (int i = 0; i < written.length; i++) {
      code.aload(local[program.roots[i]]);
      store(address[written[i]]);
    }
  }

  /** The vector on the stack to where the local {@code to} points, {@link #offset} further. */
  private void store(int to) {
    code.getstatic(MEMORY, "ALL", SEGMENT).lload(to).lload(offset).ladd().getstatic(MEMORY, "ORDER", BYTE_ORDER);
    if (mask == ABSENT) {
      code.invokevirtual(FLOAT_VECTOR, "intoMemorySegment", MethodTypeDesc.of(CD_void, SEGMENT, CD_long, BYTE_ORDER));
    } else {
      code.aload(mask).invokevirtual(FLOAT_VECTOR, "intoMemorySegment",
          MethodTypeDesc.of(CD_void, SEGMENT, CD_long, BYTE_ORDER, MASK));
    }
  }

  /** How many lanes the body works on. */
  private void lanes() {
    if (mask == ABSENT) code.getstatic(MEMORY, "LANES", CD_int);
    else code.iload(COLS).iload(column).isub();
  }

  /** Leaves the node's value on the stack, and in a local if it is used again. */
  private void push(int node) {
    if (local[node] != ABSENT) {
      code.aload(local[node]);
      return;
    }
    compute(program.nodes.get(node));
    if (uses[node] > 1) code.dup().astore(local[node] = code.allocateLocal(TypeKind.REFERENCE));
  }

  private void compute(Node n) {
    switch (n.code()) {
      case LOAD -> {
        code.getstatic(MEMORY, "FLOATS", SPECIES).getstatic(MEMORY, "ALL", SEGMENT);
        code.lload(address[n.a()]).lload(offset).ladd().getstatic(MEMORY, "ORDER", BYTE_ORDER);
        if (mask == ABSENT) {
          code.invokestatic(FLOAT_VECTOR, "fromMemorySegment",
              MethodTypeDesc.of(FLOAT_VECTOR, SPECIES, SEGMENT, CD_long, BYTE_ORDER));
        } else {
          code.aload(mask).invokestatic(FLOAT_VECTOR, "fromMemorySegment",
              MethodTypeDesc.of(FLOAT_VECTOR, SPECIES, SEGMENT, CD_long, BYTE_ORDER, MASK));
        }
      }
      case SPREAD -> {
        code.getstatic(MEMORY, "FLOATS", SPECIES).getstatic(MEMORY, "ALL", SEGMENT);
        code.getstatic(MEMORY, "FLOAT", OF_FLOAT).lload(address[n.a()]);
        code.invokeinterface(SEGMENT, "get", MethodTypeDesc.of(CD_float, OF_FLOAT, CD_long));
        broadcast();
      }
      case LOAD_BOOL -> {
        code.getstatic(MEMORY, "FLOATS", SPECIES).lload(address[n.a()]).iload(column).i2l().ladd();
        lanes();
        code.invokestatic(MEMORY, "loadBits", MethodTypeDesc.of(CD_long, CD_long, CD_int))
            .invokestatic(MASK, "fromLong", MethodTypeDesc.of(MASK, SPECIES, CD_long));
      }
      case SPREAD_BOOL -> code.getstatic(MEMORY, "FLOATS", SPECIES).lload(address[n.a()]).iconst_1()
          .invokestatic(MEMORY, "loadBits", MethodTypeDesc.of(CD_long, CD_long, CD_int)).l2i()
          .invokeinterface(SPECIES, "maskAll", MethodTypeDesc.of(MASK, CD_boolean));
      case PARAM -> {
        code.getstatic(MEMORY, "FLOATS", SPECIES).aload(PARAMS).loadConstant(n.a()).faload();
        broadcast();
      }
      case CONSTANT -> {
        code.getstatic(MEMORY, "FLOATS", SPECIES).loadConstant(Float.intBitsToFloat(n.a()));
        broadcast();
      }
      case INT_CONSTANT -> code.getstatic(MEMORY, "INTS", SPECIES).loadConstant(n.a())
          .invokestatic(INT_VECTOR, "broadcast", MethodTypeDesc.of(INT_VECTOR, SPECIES, CD_int));
      case ADD -> binary(FLOAT_VECTOR, "add", n);
      case SUB -> binary(FLOAT_VECTOR, "sub", n);
      case MUL -> binary(FLOAT_VECTOR, "mul", n);
      case DIV -> binary(FLOAT_VECTOR, "div", n);
      case MAX -> binary(FLOAT_VECTOR, "max", n);
      case MIN -> binary(FLOAT_VECTOR, "min", n);
      case NEG -> unary(FLOAT_VECTOR, "neg", FLOAT_VECTOR, n);
      case ABS -> unary(FLOAT_VECTOR, "abs", FLOAT_VECTOR, n);
      case SQRT -> unary(FLOAT_VECTOR, "sqrt", FLOAT_VECTOR, n);
      case FMA -> {
        arguments(n);
        code.invokevirtual(FLOAT_VECTOR, "fma", MethodTypeDesc.of(FLOAT_VECTOR, VECTOR, VECTOR));
      }
      case BLEND -> {
        arguments(n);
        code.invokevirtual(FLOAT_VECTOR, "blend", MethodTypeDesc.of(FLOAT_VECTOR, VECTOR, MASK));
      }
      case FLOATS -> unary(INT_VECTOR, "reinterpretAsFloats", FLOAT_VECTOR, n);
      case BITS -> unary(FLOAT_VECTOR, "reinterpretAsInts", INT_VECTOR, n);
      case CONVERT -> {
        arguments(n);
        code.getstatic(OPERATORS, "I2F", CONVERSION).iconst_0()
            .invokevirtual(INT_VECTOR, "convert", MethodTypeDesc.of(VECTOR, CONVERSION, CD_int))
            .checkcast(FLOAT_VECTOR);
      }
      case INT_ADD -> binary(INT_VECTOR, "add", n);
      case INT_AND -> binary(INT_VECTOR, "and", n);
      case INT_OR -> binary(INT_VECTOR, "or", n);
      case SHIFT_LEFT -> shift("LSHL", n);
      case SHIFT_RIGHT -> shift("ASHR", n);
      case EQ, NE, LT, LE, GT, GE -> {
        push(n.a());
        code.getstatic(OPERATORS, n.code().name(), COMPARISON);
        push(n.b());
        code.invokevirtual(FLOAT_VECTOR, "compare", MethodTypeDesc.of(MASK, COMPARISON, VECTOR));
      }
      case AND, OR, XOR -> {
        arguments(n);
        code.invokevirtual(MASK, n.code().name().toLowerCase(), MethodTypeDesc.of(MASK, MASK));
      }
      case NOT -> unary(MASK, "not", MASK, n);
    }
  }

  private void arguments(Node n) {
    for (int i = 0; i < n.code().arity; i++) push(n.argument(i));
  }

  private void broadcast() {
    code.invokestatic(FLOAT_VECTOR, "broadcast", MethodTypeDesc.of(FLOAT_VECTOR, SPECIES, CD_float));
  }

  private void unary(ClassDesc owner, String name, ClassDesc result, Node n) {
    arguments(n);
    code.invokevirtual(owner, name, MethodTypeDesc.of(result));
  }

  private void binary(ClassDesc owner, String name, Node n) {
    arguments(n);
    code.invokevirtual(owner, name, MethodTypeDesc.of(owner, VECTOR));
  }

  private void shift(String name, Node n) {
    push(n.a());
    code.getstatic(OPERATORS, name, BINARY).loadConstant(n.b())
        .invokevirtual(INT_VECTOR, "lanewise", MethodTypeDesc.of(INT_VECTOR, BINARY, CD_int));
  }
}
