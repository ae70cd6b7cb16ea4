// SPDX-License-Identifier: Apache-2.0
import io.socket.client.Ack;
import io.socket.client.IO;
import io.socket.client.Manager;
import io.socket.client.Socket;
import io.socket.engineio.client.Transport;
import java.net.URI;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.json.JSONArray;
import org.json.JSONObject;

/**
 * Does with Socket.IO's Java client what socketio-fixture answers to, and prints what came of it as
 * JSON: Exercise URL TRANSPORTS.
 */
public final class Exercise {
  private static final int PATIENCE_S = 10;
  private static final byte[] BYTES = {1, 2, 3};

  private final String url;
  private final String[] transports;

  private Exercise(String url, String[] transports) {
    this.url = url;
    this.transports = transports;
  }

  public static void main(String[] arguments) {
    int code = 1;
    try {
      System.out.println(new Exercise(arguments[0], arguments[1].split(",")).run());
      code = 0;
    } catch (Exception failure) {
      failure.printStackTrace();
    }
    System.exit(code); // the client's threads would live on
  }

  private JSONObject run() throws Exception {
    JSONObject seen = new JSONObject();
    Socket socket = socket("/custom", Map.of("token", "123"));
    BlockingQueue<Object[]> upgraded = new LinkedBlockingQueue<>();
    socket.io().on(Manager.EVENT_TRANSPORT, arguments -> {
      Transport transport = (Transport) arguments[0];
      upgraded.add(new Object[] {transport.name});
    });
    BlockingQueue<Object[]> auth = arrivals(socket, "auth");
    BlockingQueue<Object[]> back = arrivals(socket, "message-back");
    BlockingQueue<Object[]> answered = arrivals(socket, "answered");
    BlockingQueue<Object[]> broadcasted = arrivals(socket, "broadcasted");
    BlockingQueue<Object[]> left = arrivals(socket, Socket.EVENT_DISCONNECT);
    socket.on("question", arguments -> ((Ack) arguments[1]).call(arguments[0], 7));
    socket.connect();

    seen.put("auth", take(auth)[0]);
    String transport = "";
    while (!transport.equals(transports[transports.length - 1])) {
      transport = (String) take(upgraded)[0];
    }
    seen.put("transport", transport);

    socket.emit("message", 1, "2", new JSONObject().put("3", new JSONArray().put(true)), BYTES);
    seen.put("back", plain(take(back)));

    BlockingQueue<Object[]> acks = new LinkedBlockingQueue<>();
    socket.emit("message-with-ack", new Object[] {"x", BYTES}, (Ack) acks::add);
    seen.put("ack", plain(take(acks)));

    socket.emit("ask", "yes");
    seen.put("answered", plain(take(answered)));
    socket.emit("broadcast", new JSONObject().put("n", 1));
    seen.put("broadcasted", plain(take(broadcasted)));

    Socket unknown = socket("/unknown", Map.of());
    BlockingQueue<Object[]> refused = arrivals(unknown, Socket.EVENT_CONNECT_ERROR);
    unknown.connect();
    seen.put("refused", ((JSONObject) take(refused)[0]).getString("message"));

    socket.emit("leave");
    seen.put("left", take(left)[0]);
    return seen;
  }

  private Socket socket(String namespace, Map<String, String> auth) {
    IO.Options options =
        IO.Options.builder()
            .setForceNew(true)
            .setReconnection(false)
            .setTransports(transports)
            .setAuth(auth)
            .build();
    return IO.socket(URI.create(url + namespace), options);
  }

  private static BlockingQueue<Object[]> arrivals(Socket socket, String event) {
    BlockingQueue<Object[]> queue = new LinkedBlockingQueue<>();
    socket.on(event, queue::add);
    return queue;
  }

  private static Object[] take(BlockingQueue<Object[]> queue) throws InterruptedException {
    Object[] arguments = queue.poll(PATIENCE_S, TimeUnit.SECONDS);
    if (arguments == null) throw new IllegalStateException("nothing came within " + PATIENCE_S + " s");
    return arguments;
  }

  /** Bytes as text, so that all of it is JSON. */
  private static JSONArray plain(Object[] arguments) {
    JSONArray array = new JSONArray();
    for (Object argument : arguments) {
      array.put(argument instanceof byte[] bytes ? Base64.getEncoder().encodeToString(bytes) : argument);
    }
    return array;
  }
}
