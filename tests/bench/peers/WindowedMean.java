// SPDX-License-Identifier: Apache-2.0
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;

/**
 * The aggregator's job with Kafka Streams: the mean of `data` of each device and tumbling window of
 * event time, written once, when the window has closed.
 *
 * Every argument is KEY=VALUE. Its own keys: input, output, window.ms, grace.ms, store (memory or
 * rocksdb). All others are the properties of Kafka Streams.
 */
public final class WindowedMean {
  /** A reading; `data` is null where the device had none. */
  private record Reading(long timeMs, Double data) {}

  /** The values of a window so far. */
  private record Values(long count, double sum) {
    Values add(Reading reading) {
      return reading.data == null ? this : new Values(count + 1, sum + reading.data);
    }
  }

  // As the aggregator does: a time further ahead of its production is no reading's.
  private static final long AHEAD_MAX_MS = Duration.ofHours(1).toMillis();
  private static final JsonFactory JSON = new JsonFactory();
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  public static void main(String[] arguments) {
    Properties properties = new Properties();
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      properties.put(argument.substring(0, equals), argument.substring(equals + 1));
    }
    Topology topology = topology(properties);
    KafkaStreams streams = new KafkaStreams(topology, properties);
    // Without leaving the group, its partitions would wait for the end of the session.
    CloseOptions leaving =
        CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
            .withTimeout(Duration.ofSeconds(15));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(leaving)));
    streams.start();
  }

  /** Takes its own keys out of `properties`. */
  private static Topology topology(Properties properties) {
    String input = (String) properties.remove("input");
    String output = (String) properties.remove("output");
    Duration size = milliseconds(properties.remove("window.ms"));
    Duration grace = milliseconds(properties.remove("grace.ms"));
    // Kept as long as a reading may still come.
    Duration kept = size.plus(grace);
    WindowBytesStoreSupplier store =
        properties.remove("store").equals("memory")
            ? Stores.inMemoryWindowStore("windows", kept, size, false)
            : Stores.persistentTimestampedWindowStore("windows", kept, size, false);

    StreamsBuilder builder = new StreamsBuilder();
    KTable<Windowed<String>, Values> windows =
        builder
            .stream(input, Consumed.with(Serdes.String(), readings())
                .withTimestampExtractor(WindowedMean::eventTime))
            .groupByKey(Grouped.with(Serdes.String(), readings()))
            .windowedBy(TimeWindows.ofSizeAndGrace(size, grace))
            .aggregate(
                () -> new Values(0, 0),
                (key, reading, sofar) -> sofar.add(reading),
                Materialized.<String, Values>as(store)
                    .withKeySerde(Serdes.String())
                    .withValueSerde(values()));
    windows
        .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded()))
        .toStream()
        .map((window, total) -> KeyValue.pair(window.key(), row(window, total)))
        .to(output, Produced.with(Serdes.String(), Serdes.String()));
    return builder.build();
  }

  private static Duration milliseconds(Object text) {
    return Duration.ofMillis(Long.parseLong((String) text));
  }

  /** What is no reading has no time: Kafka Streams says so and goes on. */
  private static long eventTime(ConsumerRecord<Object, Object> entry, long partitionTime) {
    if (!(entry.value() instanceof Reading reading)) return -1;
    return reading.timeMs > entry.timestamp() + AHEAD_MAX_MS ? -1 : reading.timeMs;
  }

  private static Serde<Reading> readings() {
    return Serdes.serdeFrom(
        (topic, reading) -> {
          throw new UnsupportedOperationException("readings are never written");
        },
        (topic, bytes) -> parse(bytes));
  }

  /** Null for what is no reading. */
  private static Reading parse(byte[] bytes) {
    try (JsonParser parser = JSON.createParser(bytes)) {
      String time = null;
      String device = null;
      Double data = null;
      if (parser.nextToken() != JsonToken.START_OBJECT) return null;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken token = parser.nextToken();
        switch (name) {
          case "timestamp" -> time = parser.getText();
          case "device_name" -> device = parser.getText();
          case "data" -> data = token == JsonToken.VALUE_NULL ? null : parser.getDoubleValue();
          default -> parser.skipChildren();
        }
      }
      boolean whole = time != null && device != null && parser.nextToken() == null;
      return whole ? new Reading(timeMs(time), data) : null;
    } catch (IOException notJson) {
      return null;
    }
  }

  /** Of "2024-10-07 13:02:45.123456", by hand: the library's way costs more than all the rest. */
  private static long timeMs(String text) {
    long day =
        LocalDate.of(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2)).toEpochDay();
    long minutes = (day * 24 + digits(text, 11, 2)) * 60 + digits(text, 14, 2);
    return (minutes * 60 + digits(text, 17, 2)) * 1000 + digits(text, 20, 3);
  }

  private static int digits(String text, int begin, int count) {
    int value = 0;
    for (int i = begin; i < begin + count; ++i) value = value * 10 + (text.charAt(i) - '0');
    return value;
  }

  private static Serde<Values> values() {
    return Serdes.serdeFrom(
        (topic, values) ->
            values == null
                ? null
                : ByteBuffer.allocate(16).putLong(values.count).putDouble(values.sum).array(),
        (topic, bytes) -> {
          if (bytes == null) return null;
          ByteBuffer buffer = ByteBuffer.wrap(bytes);
          return new Values(buffer.getLong(), buffer.getDouble());
        });
  }

  private static String row(Windowed<String> window, Values values) {
    return "{\"device_name\":\"" + window.key()
        + "\",\"window\":{\"start\":\"" + TIME.format(Instant.ofEpochMilli(window.window().start()))
        + "\",\"end\":\"" + TIME.format(Instant.ofEpochMilli(window.window().end()))
        + "\"},\"mean\":" + (values.count == 0 ? "null" : values.sum / values.count) + "}";
  }
}
