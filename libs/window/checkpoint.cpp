// SPDX-License-Identifier: Apache-2.0
#include "window/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

// The text, in decimal, times in us, an absent one as '-', one that is not known yet as '?':
//   weir<format>[/<oldest reader>] <hash, hex> <parts of the format>
// where the oldest reader is named if it is not the format itself. The parts of format 2:
//   <replay_from> <watermark> <incomplete_until> <end>:<first_offset>|- [<moves>]
// where moves is a comma-separated list of <offset>:<watermark>, each the difference from the one
// before it, the first from replay_from and, when it has one, the watermark; watermarks in ms, with
// '.' and three more digits where us are needed. In format 1 they are in us. A later format that
// can be read as format 2 has '-' for no moves, and further parts after them.

namespace weir::window {
namespace {

constexpr std::string_view name = "weir";
constexpr std::size_t moves_max = 100'000;

std::int64_t micros(EventTime time) { return time.time_since_epoch().count(); }

EventTime time_of(std::int64_t micros) { return EventTime{Duration{micros}}; }

void append_time(std::string& out, EventTime time) {
    if (time == no_watermark)
        out += " -";
    else if (time == not_known_yet)
        out += " ?";
    else
        fmt::format_to(std::back_inserter(out), " {}", micros(time));
}

EventTime first_base(EventTime watermark) {
    return watermark == no_watermark ? EventTime{} : watermark;
}

void append_moves(std::string& out, const Checkpoint& checkpoint) {
    std::int64_t offset = number(checkpoint.replay_from);
    EventTime watermark = first_base(checkpoint.watermark);
    char separator = ' ';
    for (const Move& move : checkpoint.moves) {
        const std::int64_t step = (move.watermark - watermark).count();
        fmt::format_to(std::back_inserter(out), "{}{}:{}", separator, number(move.offset) - offset,
                       step / 1000);
        if (step % 1000 != 0) fmt::format_to(std::back_inserter(out), ".{:03}", step % 1000);
        offset = number(move.offset);
        watermark = move.watermark;
        separator = ',';
    }
}

/// Takes the parts of the text one by one; what is missing or no number is remembered.
class Parts {
public:
    explicit Parts(std::string_view text) : rest_(text) {}

    std::string_view word() {
        const std::size_t size = std::min(rest_.find(' '), rest_.size());
        const std::string_view word = rest_.substr(0, size);
        rest_.remove_prefix(std::min(size + 1, rest_.size()));
        good_ = good_ && !word.empty();
        return word;
    }

    template <typename T>
    T number(std::string_view text, int base = 10) {
        T value = 0;
        const char* const end = text.data() + text.size();
        const auto result = std::from_chars(text.data(), end, value, base);
        good_ = good_ && result.ec == std::errc{} && result.ptr == end;
        return value;
    }

    EventTime time() {
        const std::string_view text = word();
        if (text == "-") return no_watermark;
        if (text == "?") return not_known_yet;
        return time_of(number<std::int64_t>(text));
    }

    /// Milliseconds with three decimals or none, as microseconds.
    std::int64_t millis(std::string_view text) {
        const std::size_t point = std::min(text.find('.'), text.size());
        std::int64_t micros = 0;
        require(
            !__builtin_mul_overflow(number<std::int64_t>(text.substr(0, point)), 1000, &micros));
        if (point == text.size()) return micros;
        require(text.size() - point == 4);
        const auto rest = number<std::uint16_t>(text.substr(point + 1));
        require(good_ && !__builtin_add_overflow(micros, rest, &micros));
        return micros;
    }

    /// `<number>:<number>`
    std::pair<std::int64_t, std::int64_t> pair(std::string_view text) {
        const std::size_t colon = text.find(':');
        good_ = good_ && colon != std::string_view::npos;
        if (!good_) return {};
        const auto first = number<std::int64_t>(text.substr(0, colon));
        return {first, number<std::int64_t>(text.substr(colon + 1))};
    }

    void require(bool condition) { good_ = good_ && condition; }

    [[nodiscard]] bool empty() const { return rest_.empty(); }
    [[nodiscard]] bool good() const { return good_; }

private:
    std::string_view rest_;
    bool good_ = true;
};

enum class Unit { millis, micros };

void take_moves(Parts& parts, Checkpoint& checkpoint, Unit unit, bool later) {
    if (parts.empty()) return;
    std::string_view list = parts.word();
    if (later && list == "-") return;
    std::int64_t offset = number(checkpoint.replay_from);
    std::int64_t watermark = micros(first_base(checkpoint.watermark));
    while (parts.good() && !list.empty()) {
        const std::size_t size = std::min(list.find(','), list.size());
        const std::string_view move = list.substr(0, size);
        const std::size_t colon = std::min(move.find(':'), move.size() - 1);
        const auto offset_step = parts.number<std::int64_t>(move.substr(0, colon));
        const std::string_view step = move.substr(colon + 1);
        const std::int64_t watermark_step =
            unit == Unit::micros ? parts.number<std::int64_t>(step) : parts.millis(step);
        list.remove_prefix(std::min(size + 1, list.size()));
        parts.require(offset_step > 0 && watermark_step > 0 &&
                      !__builtin_add_overflow(offset, offset_step, &offset) &&
                      !__builtin_add_overflow(watermark, watermark_step, &watermark) &&
                      checkpoint.moves.size() < moves_max);
        checkpoint.moves.push_back({Offset{offset}, time_of(watermark)});
    }
}

bool parse(std::string_view text, Unit unit, bool later, Checkpoint& checkpoint) {
    Parts parts(text);
    checkpoint.replay_from = Offset{parts.number<std::int64_t>(parts.word())};
    checkpoint.watermark = parts.time();
    checkpoint.incomplete_until = parts.time();
    if (const std::string_view cursor = parts.word(); cursor != "-") {
        const auto [end, first_offset] = parts.pair(cursor);
        checkpoint.cursor = CloseCursor{time_of(end), Offset{first_offset}};
    }
    parts.require(number(checkpoint.replay_from) >= 0);
    take_moves(parts, checkpoint, unit, later);
    return parts.good() && (later || parts.empty());
}

bool parse_1(std::string_view text, bool later, Checkpoint& checkpoint) {
    return parse(text, Unit::micros, later, checkpoint);
}

bool parse_2(std::string_view text, bool later, Checkpoint& checkpoint) {
    return parse(text, Unit::millis, later, checkpoint);
}

void append_2(std::string& out, const Checkpoint& checkpoint) {
    fmt::format_to(std::back_inserter(out), " {}", number(checkpoint.replay_from));
    append_time(out, checkpoint.watermark);
    append_time(out, checkpoint.incomplete_until);
    if (checkpoint.cursor)
        fmt::format_to(std::back_inserter(out), " {}:{}", micros(checkpoint.cursor->end),
                       number(checkpoint.cursor->first_offset));
    else
        out += " -";
    append_moves(out, checkpoint);
}

std::size_t bytes_max_2(const Checkpoint& checkpoint) {
    // Every part before the moves at its longest: an offset has at most 19 digits, a time 20 with
    // its sign. The moves are differences, which only shrink when replay_from and the watermark
    // there rise; the first one's base may still be absent, which is the longer form, and its
    // difference may come to need decimals.
    constexpr std::size_t decimals = 4;
    constexpr std::size_t fixed_max = 20 + 21 + 21 + 1 + 20 + 1 + 19 + decimals;
    std::string moves;
    append_moves(moves, checkpoint);
    return fixed_max + moves.size();
}

const CheckpointFormat& format_of(int number) {
    const auto known = checkpoint_formats().known;
    const auto at = std::find_if(known.begin(), known.end(), [&](const CheckpointFormat* format) {
        return format->mark.number == number;
    });
    WEIR_ASSERT(at != known.end() && (*at)->append != nullptr, "a format that is written");
    return **at;
}

/// Takes `weir<format>[/<oldest reader>]` off the text; what is none has the number 0.
FormatMark take_mark(std::string_view& text) {
    if (!text.starts_with(name)) return {};
    const std::size_t size = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(name.size(), size - name.size());
    text.remove_prefix(std::min(size + 1, text.size()));
    Parts parts(word);
    const std::size_t slash = std::min(word.find('/'), word.size());
    FormatMark mark{.number = parts.number<int>(word.substr(0, slash))};
    mark.oldest_reader =
        slash == word.size() ? mark.number : parts.number<int>(word.substr(slash + 1));
    const bool ordered = mark.oldest_reader > 0 && mark.oldest_reader <= mark.number;
    return parts.good() && ordered ? mark : FormatMark{};
}

/// The latest format that we know and that a text with this mark can be read as.
const CheckpointFormat* reader_of(FormatMark mark) {
    const CheckpointFormat* reader = nullptr;
    for (const CheckpointFormat* format : checkpoint_formats().known)
        if (format->mark.number >= mark.oldest_reader && format->mark.number <= mark.number)
            reader = format;
    return reader;
}

}  // namespace

constinit const CheckpointFormat checkpoint_format_1{
    .mark = {1, 1}, .append = nullptr, .parse = parse_1, .bytes_max = nullptr};
constinit const CheckpointFormat checkpoint_format_2{
    .mark = {2, 2}, .append = append_2, .parse = parse_2, .bytes_max = bytes_max_2};

int CheckpointFormats::newest() const { return known.back()->mark.number; }

int CheckpointFormats::oldest_written() const {
    const auto at = std::find_if(known.begin(), known.end(), [](const CheckpointFormat* format) {
        return format->append != nullptr;
    });
    return (*at)->mark.number;
}

std::string encode(const Checkpoint& checkpoint, std::uint64_t options_hash, int format) {
    const CheckpointFormat& in = format_of(format);
    std::string out = fmt::format("{}{}", name, in.mark.number);
    if (in.mark.oldest_reader != in.mark.number) out += fmt::format("/{}", in.mark.oldest_reader);
    fmt::format_to(std::back_inserter(out), " {:x}", options_hash);
    in.append(out, checkpoint);
    return out;
}

std::size_t checkpoint_bytes(const Checkpoint& checkpoint, int format) {
    constexpr std::size_t head_max = name.size() + 10 + 1 + 10 + 17;
    return head_max + format_of(format).bytes_max(checkpoint);
}

Result<Committed> decode(std::string_view text) {
    const Error broken{
        fmt::format("expected a checkpoint of the aggregator, got \"{}\"", text.substr(0, 60))};
    if (text.ends_with(' ') || text.ends_with(',')) return broken;
    const FormatMark mark = take_mark(text);
    if (mark.number == 0) return broken;
    const CheckpointFormat* const reader = reader_of(mark);
    if (reader == nullptr)
        return Error{fmt::format(
            "the checkpoint has format {}, for readers of format {} or later, and this program "
            "knows formats {} to {}",
            mark.number, mark.oldest_reader, checkpoint_formats().known.front()->mark.number,
            checkpoint_formats().newest())};
    const std::size_t hash_size = std::min(text.find(' '), text.size());
    Parts hash(text.substr(0, hash_size));
    Committed committed{.format = mark.number};
    committed.options_hash = hash.number<std::uint64_t>(hash.word(), 16);
    text.remove_prefix(std::min(hash_size + 1, text.size()));
    const bool later = reader->mark.number < mark.number;
    if (!hash.good() || !reader->parse(text, later, committed.checkpoint)) return broken;
    return committed;
}

std::optional<FormatMark> format_beyond_us(std::string_view text) {
    const FormatMark mark = take_mark(text);
    if (mark.oldest_reader <= checkpoint_formats().newest()) return std::nullopt;
    return mark;
}

}  // namespace weir::window
