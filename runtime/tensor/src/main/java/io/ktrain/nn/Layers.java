package io.ktrain.nn;

/** A place layers are declared in: a Module (they become children, once named) or a sequential scope (they are appended). */
public interface Layers {
  /** Takes a layer that has no name yet. Scripts write linear(..), relu(), ...; those are extensions that end here. */
  <M extends Module> M declare(M layer);
}
