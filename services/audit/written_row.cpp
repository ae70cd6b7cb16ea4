// SPDX-License-Identifier: Apache-2.0
#include "written_row.hpp"

#include <fmt/format.h>

#include "config/codec.hpp"
#include "json/timestamp.hpp"
#include "kafka/headers.hpp"

namespace weir::audit {
namespace {

namespace header = kafka::header;

/// Reads header after header and keeps the first mistake.
class Reader {
public:
    explicit Reader(const Headers& headers) : headers_(headers) {}

    std::string_view text(std::string_view name) {
        const auto found = headers_(name);
        if (!found) fail(name, "no such header");
        return found.value_or("");
    }

    template <typename T>
    T whole(std::string_view name, std::string_view text) {
        const auto value = config::Codec<T>::parse(text);
        if (!value) fail(name, value.error().message);
        return value ? *value : T{};
    }

    EventTime time(std::string_view name, std::string_view text) {
        const auto time = json::parse_timestamp(text);
        if (!time) fail(name, time.error().message);
        return time ? *time : EventTime{};
    }

    void fail(std::string_view name, std::string_view why) {
        if (!mistake_) mistake_ = Error{fmt::format("{}: {}", name, why)};
    }

    [[nodiscard]] const std::optional<Error>& mistake() const { return mistake_; }

private:
    const Headers& headers_;
    std::optional<Error> mistake_;
};

Span window_of(Reader& reader) {
    const std::string_view text = reader.text(header::window);
    const std::size_t slash = text.find('/');
    if (slash == text.npos) {
        reader.fail(header::window, "expected START/END");
        return {};
    }
    return {reader.time(header::window, text.substr(0, slash)),
            reader.time(header::window, text.substr(slash + 1))};
}

/// A topic of a file's name may have slashes and colons itself, so it is read from the back.
Source read_source(Reader& reader) {
    const std::string_view text = reader.text(header::source);
    const std::size_t dash = text.rfind('-');
    const std::size_t colon = text.rfind(':');
    const std::size_t slash = text.rfind('/', colon);
    if (dash == text.npos || colon == text.npos || slash == text.npos || dash < colon) {
        reader.fail(header::source, "expected TOPIC/PARTITION:FIRST-LAST");
        return {};
    }
    const auto part = [&](std::size_t from, std::size_t to) {
        return text.substr(from + 1, to - from - 1);
    };
    return {std::string(text.substr(0, slash)),
            Partition{reader.whole<std::int32_t>(header::source, part(slash, colon))},
            Offset{reader.whole<std::int64_t>(header::source, part(colon, dash))},
            Offset{reader.whole<std::int64_t>(header::source, text.substr(dash + 1))}};
}

}  // namespace

Result<WrittenRow> read_headers(const Headers& headers) {
    Reader reader(headers);
    WrittenRow row;
    row.window = window_of(reader);
    row.source = read_source(reader);
    row.revision = reader.whole<std::uint32_t>(header::revision, reader.text(header::revision));
    row.count = reader.whole<std::uint64_t>(header::count, reader.text(header::count));
    const std::string_view watermark = reader.text(header::watermark);
    if (watermark != "none") row.watermark = reader.time(header::watermark, watermark);
    if (reader.text(header::final_result) != "true")
        reader.fail(header::final_result, "expected true");
    row.beyond_bound = headers(header::beyond_bound).value_or("");
    row.incomplete = headers(header::incomplete).has_value();
    if (reader.mistake()) return *reader.mistake();
    return row;
}

Result<Span> read_window(const Headers& headers) {
    Reader reader(headers);
    const Span window = window_of(reader);
    if (reader.mistake()) return *reader.mistake();
    return window;
}

std::string text(const Span& window) {
    return json::iso(window.start) + "/" + json::iso(window.end);
}

}  // namespace weir::audit
