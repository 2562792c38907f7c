package io.ktrain.nn;

import io.ktrain.tensor.Device;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Parameters by names of your own. PyTorch's ParameterDict. */
public final class ParameterDict extends Module {
  public ParameterDict(Map<String, Parameter> parameters) {
    parameters.forEach(this::register);
  }

  /** The parameter of that name; an unknown name is an error that lists the known ones. */
  public Parameter get(String name) {
    return getParameter(name);
  }

  public boolean contains(String name) {
    return own().containsKey(name);
  }

  public Set<String> keys() {
    return own().keySet();
  }

  public int size() {
    return own().size();
  }

  @Override
  public List<Object> arguments() {
    return List.of(own());
  }

  @Override
  public String extraRepr() {
    return lines(own());
  }

  /** A line for each, as PyTorch prints them. */
  static String lines(Map<String, Parameter> parameters) {
    return parameters.entrySet().stream()
        .map(e -> "  (" + e.getKey() + "): Parameter containing: " + text(e.getValue()))
        .collect(Collectors.joining("\n"));
  }

  private static String text(Parameter p) {
    String sizes = Arrays.stream(p.getShape().toArray()).mapToObj(Integer::toString).collect(Collectors.joining("x"));
    String device = p.getDevice().equals(Device.CPU) ? "" : " (" + p.getDevice() + ")";
    return "[" + p.getDtype() + " of size " + sizes + device + "]";
  }
}
