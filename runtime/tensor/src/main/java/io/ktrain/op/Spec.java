package io.ktrain.op;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;

/** What one output of a call will be, known before any kernel runs. */
public record Spec(Shape shape, DType dtype) {}
