package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import java.util.Iterator;
import java.util.List;

/** Parameters in a list; keys are "0", "1", ... PyTorch's ParameterList. */
public final class ParameterList extends Module implements Iterable<Parameter> {
  public ParameterList(List<Parameter> parameters) {
    parameters.forEach(this::append);
  }

  /** The parameter at a place; -1 is the last. */
  public Parameter get(int index) {
    int i = index < 0 ? index + size() : index;
    if (i < 0 || i >= size())
      throw new KtrainException("ParameterList: there is no place " + index + " among " + size() + ".");
    return getParameter(Integer.toString(i));
  }

  /** Adds one at the end. */
  public void append(Parameter parameter) {
    register(Integer.toString(size()), parameter);
  }

  public int size() {
    return own().size();
  }

  @Override
  public Iterator<Parameter> iterator() {
    return own().values().iterator();
  }

  @Override
  public List<Object> arguments() {
    return List.of(List.copyOf(own().values()));
  }

  @Override
  public String extraRepr() {
    return ParameterDict.lines(own());
  }
}
