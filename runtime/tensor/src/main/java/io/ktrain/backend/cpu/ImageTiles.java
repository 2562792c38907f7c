package io.ktrain.backend.cpu;

/** A batch cut into tiles of images, as equal as can be: they differ in size by one image at most. */
record ImageTiles(int images, int tiles) {
  /** The first image of a tile; {@code start(tiles())} is the number of images. */
  int start(int tile) {
    return (int) ((long) images * tile / tiles);
  }

  /** Images of the smaller tiles. */
  int small() {
    return images / tiles;
  }

  boolean even() {
    return images % tiles == 0;
  }

  boolean isSmall(int tile) {
    return start(tile + 1) - start(tile) == small();
  }
}
