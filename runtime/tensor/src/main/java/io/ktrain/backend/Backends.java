package io.ktrain.backend;

import io.ktrain.tensor.Device;
import io.ktrain.tensor.DeviceError;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/** The backends this process has. */
public final class Backends {
  private static final List<Backend> ALL = load();

  private Backends() {}

  private static List<Backend> load() {
    var all = new ArrayList<Backend>();
    ServiceLoader.load(Backend.class, Backends.class.getClassLoader()).forEach(all::add);
    all.sort(Comparator.comparing(Backend::type)); // whatever the order of the class path
    return List.copyOf(all);
  }

  public static List<Backend> all() {
    return ALL;
  }

  public static Backend of(Device device) {
    Backend backend = named(device.type());
    if (backend != null) return backend;
    List<String> usable = ALL.stream().filter(Backend::isUsable).map(Backend::type).toList();
    throw new DeviceError("device: no backend for " + device + "; this process has " + usable + ". Fix: --device cpu.");
  }

  /** The backend of a type of device, or null. */
  public static Backend named(String type) {
    for (int i = 0; i < ALL.size(); i++) if (ALL.get(i).type().equals(type)) return ALL.get(i);
    return null;
  }
}
