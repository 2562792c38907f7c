package io.ktrain.train

import io.ktrain.nn.Parameter
import io.ktrain.optim.Adadelta
import io.ktrain.optim.Adagrad
import io.ktrain.optim.Adam
import io.ktrain.optim.AdamW
import io.ktrain.optim.Adamax
import io.ktrain.optim.LBFGS
import io.ktrain.optim.NAdam
import io.ktrain.optim.Optimizer
import io.ktrain.optim.ParamGroup
import io.ktrain.optim.RAdam
import io.ktrain.optim.RMSprop
import io.ktrain.optim.Sgd
import io.ktrain.tensor.Tensor
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

private val SGD: Replay = optimizer { groups ->
  val (momentum, dampening) = double("momentum", 0.0) to double("dampening", 0.0)
  Sgd(groups, double("lr", 0.1), momentum, dampening, decay(), flag("nesterov"), false)
}

private val ADAM: Replay = optimizer { groups ->
  val (beta1, beta2) = betas()
  Adam(groups, double("lr"), beta1, beta2, double("eps", 1e-8), decay(), flag("amsgrad"), false)
}

private val RMSPROP: Replay = optimizer { groups ->
  val (alpha, momentum) = double("alpha", 0.99) to double("momentum", 0.0)
  RMSprop(groups, double("lr"), alpha, double("eps", 1e-8), decay(), momentum, flag("centered"), false)
}

/** How the optimizers are replayed, by operation. */
internal val OPTIMIZER_CASES: Map<String, Replay> = mapOf(
  "sgd" to SGD,
  "sgd_momentum" to SGD,
  "sgd_nesterov_wd" to SGD,
  "sgd_dampening" to SGD,
  "param_groups" to SGD,
  "adam" to ADAM,
  "adam_l2_amsgrad" to ADAM,
  "adamw" to optimizer { groups ->
    val (beta1, beta2) = betas()
    AdamW(groups, double("lr"), beta1, beta2, 1e-8, double("weight_decay", 0.01), flag("amsgrad"), false)
  },
  "rmsprop" to RMSPROP,
  "rmsprop_centered_momentum" to RMSPROP,
  "adagrad" to optimizer { Adagrad(it, double("lr"), double("lr_decay"), 0.0, 0.0, 1e-10, false) },
  "adadelta" to optimizer { Adadelta(it, double("lr"), double("rho"), double("eps"), 0.0, false) },
  "adamax" to optimizer { Adamax(it, double("lr"), 0.9, 0.999, 1e-8, 0.0, false) },
  "nadam" to optimizer { NAdam(it, double("lr"), 0.9, 0.999, 1e-8, 0.0, double("momentum_decay"), false, false) },
  "radam" to optimizer { RAdam(it, double("lr"), 0.9, 0.999, 1e-8, 0.0, false, false) },
  "lbfgs_strong_wolfe" to optimizer { (group) ->
    val most = int("max_iter")
    LBFGS(group.parameters(), double("lr"), most, most * 5 / 4, 1e-7, 1e-9, 100, text("line_search", "") != "")
  },
)

private fun GoldenCase.decay() = double("weight_decay", 0.0)

private fun GoldenCase.betas() = if (has("betas")) numbers("betas") else listOf(0.9, 0.999)

private fun optimizer(make: GoldenCase.(List<ParamGroup>) -> Optimizer): Replay = {
  val (w, c) = Parameter(this["w"]) to Parameter(this["c"])
  val optimizer = make(groups(mapOf("w" to w, "c" to c)))
  val trajectory = mutableListOf<Map<String, Tensor>>()
  val losses = List(int("steps")) {
    val loss = optimizer.step { (this["A"].matmul(w) + c - this["Y"]).pow(2).mean() }
    trajectory += mapOf("w" to w.detach().copy(), "c" to c.detach().copy())
    loss.item()
  }
  Replayed(mapOf("trajectory" to trajectory, "losses" to losses))
}
private fun GoldenCase.groups(all: Map<String, Parameter>): List<ParamGroup> =
  params["groups"]?.jsonArray?.map { group ->
    val names = group.jsonObject.getValue("params").jsonArray.map { it.jsonPrimitive.content }
    ParamGroup(names.map(all::getValue), group.jsonObject.getValue("lr").jsonPrimitive.number())
  } ?: listOf(ParamGroup(all.values.toList()))
