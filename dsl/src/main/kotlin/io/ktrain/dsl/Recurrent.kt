package io.ktrain.dsl

import io.ktrain.nn.GRU
import io.ktrain.nn.GRUCell
import io.ktrain.nn.LSTM
import io.ktrain.nn.LSTMCell
import io.ktrain.nn.Layers
import io.ktrain.nn.PackedSequence
import io.ktrain.nn.RNN
import io.ktrain.nn.RNNCell
import io.ktrain.nn.RecurrentOptions
import io.ktrain.tensor.KtrainException
import io.ktrain.tensor.Tensor

// A recurrent layer gives its states and its last state: val (output, state) = lstm(x), or lstm(x, state) to go on.
// Sequences are [length, batch, features] unless batchFirst, [length, features] alone, or packed.

/**
 * A plain recurrent layer, `h = tanh(W x + U h + b)` at each step (or relu, by [nonlinearity]). The state is a tensor
 * `[layers * directions, batch, hiddenSize]`.
 */
public fun Layers.rnn(
  inputSize: Int,
  hiddenSize: Int,
  numLayers: Int = 1,
  nonlinearity: String = "tanh",
  bias: Boolean = true,
  batchFirst: Boolean = false,
  dropout: Double = 0.0,
  bidirectional: Boolean = false,
): Declared<RNN> =
  declared(
    RNN(
      RecurrentOptions(inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional),
      isRelu("rnn", nonlinearity),
    ),
  )

/**
 * Hochreiter and Schmidhuber 1997: a recurrent layer whose gates guard a cell state. The state is a pair,
 * `val (h, c) = state`, each `[layers * directions, batch, hiddenSize]`.
 */
public fun Layers.lstm(
  inputSize: Int,
  hiddenSize: Int,
  numLayers: Int = 1,
  bias: Boolean = true,
  batchFirst: Boolean = false,
  dropout: Double = 0.0,
  bidirectional: Boolean = false,
): Declared<LSTM> =
  declared(LSTM(RecurrentOptions(inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional)))

/**
 * Cho et al. 2014: a recurrent layer whose gates choose between its state and a new one. The state is a tensor
 * `[layers * directions, batch, hiddenSize]`.
 */
public fun Layers.gru(
  inputSize: Int,
  hiddenSize: Int,
  numLayers: Int = 1,
  bias: Boolean = true,
  batchFirst: Boolean = false,
  dropout: Double = 0.0,
  bidirectional: Boolean = false,
): Declared<GRU> =
  declared(GRU(RecurrentOptions(inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional)))

/** One step of a plain recurrent layer: `h = cell(x, h)`, `[batch, inputSize]` to `[batch, hiddenSize]`. */
public fun Layers.rnnCell(
  inputSize: Int,
  hiddenSize: Int,
  nonlinearity: String = "tanh",
  bias: Boolean = true,
): Declared<RNNCell> = declared(RNNCell(inputSize, hiddenSize, bias, isRelu("rnnCell", nonlinearity)))

/** One step of an LSTM: `state = cell(x, state)`, `val (h, c) = state`, `[batch, hiddenSize]` each. */
public fun Layers.lstmCell(inputSize: Int, hiddenSize: Int, bias: Boolean = true): Declared<LSTMCell> =
  declared(LSTMCell(inputSize, hiddenSize, bias))

/** One step of a GRU: `h = cell(x, h)`, `[batch, inputSize]` to `[batch, hiddenSize]`. */
public fun Layers.gruCell(inputSize: Int, hiddenSize: Int, bias: Boolean = true): Declared<GRUCell> =
  declared(GRUCell(inputSize, hiddenSize, bias))

private fun isRelu(word: String, nonlinearity: String) = when (nonlinearity) {
  "tanh" -> false
  "relu" -> true
  else -> throw KtrainException("$word: nonlinearity is tanh or relu, got \"$nonlinearity\".")
}

/**
 * The sequences of [input] (`[length, batch, ...]`, or `[batch, length, ...]` with [batchFirst]) without their padding,
 * for recurrent layers. [lengths] go from the longest to the shortest, unless [enforceSorted] is off.
 */
public fun packPaddedSequence(
  input: Tensor,
  lengths: List<Int>,
  batchFirst: Boolean = false,
  enforceSorted: Boolean = true,
): PackedSequence = PackedSequence.pack(input, lengths.toIntArray(), batchFirst, enforceSorted)

/** Sequences `[length, ...]` of different lengths, for recurrent layers. */
public fun packSequence(sequences: List<Tensor>, enforceSorted: Boolean = true): PackedSequence =
  PackedSequence.pack(sequences, enforceSorted)

/** Packed sequences as one tensor, filled up with [paddingValue] to [totalLength] or the longest, and their lengths. */
public fun padPackedSequence(
  sequence: PackedSequence,
  batchFirst: Boolean = false,
  paddingValue: Double = 0.0,
  totalLength: Int = -1,
): Pair<Tensor, List<Int>> =
  sequence.padded(batchFirst, paddingValue, totalLength) to sequence.lengths().toList()
