// SPDX-License-Identifier: Apache-2.0
#include "json/extractor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "json/flat_scan.hpp"
#include "json/number.hpp"
#include "json/sax.hpp"

namespace weir::json {
namespace {

constexpr std::uint32_t none = 0xFFFFFFFF;

/// The value found at a field's pointer, not looked into yet: a later one may take its place.
struct Found {
    bool seen = false;
    Type type = Type::null;
    std::string_view raw;
    std::string_view string;
    std::string unescaped;  ///< keeps `string` when the record does not
};

/// The pointers as a tree of tokens; node 0 is the whole document.
struct Node {
    std::string token;
    std::optional<std::uint32_t> element;  ///< the token as an array's index
    std::vector<std::uint32_t> children;
    std::vector<std::uint32_t> fields;        ///< fields whose pointer ends here
    std::vector<std::uint32_t> fields_below;  ///< fields whose pointer ends here or goes on
};

std::string_view expectation(FieldType type) {
    switch (type) {
        case FieldType::float64:
        case FieldType::float32: return "a number";
        case FieldType::int64: return "an integer";
        case FieldType::string: return "a string";
        case FieldType::text:
        case FieldType::scalar: return "a string or a number";
        case FieldType::timestamp: return "a time";
        case FieldType::raw: break;
    }
    return "a value";
}

/// `the string "7.5"`, `an object`: what was got, cut to a length that fits a message.
std::string shown(const Found& found) {
    constexpr std::size_t shown_max = 40;
    if (found.type == Type::string)
        return fmt::format("the string \"{}\"", found.string.substr(0, shown_max));
    if (found.type == Type::number) return fmt::format("{}", found.raw.substr(0, shown_max));
    return std::string(describe(found.type));
}

}  // namespace

/// The compiled pointers, the parser's sink, and the buffers that are kept between records.
class Extractor::Program {
public:
    Program(std::vector<FieldSpec> specs, const Limits& limits)
        : specs_(std::move(specs)), limits_(limits), found_(specs_.size()), fields_(specs_.size()) {
        nodes_.emplace_back();
        for (std::uint32_t field = 0; field < specs_.size(); ++field)
            insert(field);
        frames_.reserve(static_cast<std::size_t>(limits.depth_max) + 1);
    }

    Result<void> extract(std::string_view record) {
        record_ = record;
        start_over();
        if (!is_small(record) || !FlatScan(record, *this).run()) {
            start_over();
            if (auto parsed = sax::parse(reader_, record, limits_, *this, scratch_); !parsed.ok())
                return parsed;
        }
        for (std::size_t i = 0; i < specs_.size(); ++i)
            if (auto converted = convert(specs_[i], found_[i], fields_[i]); !converted.ok())
                return converted;
        return {};
    }

    [[nodiscard]] std::span<const Field> fields() const { return fields_; }

    // What the parser calls, in the order of the text.
    void key(std::string_view name) { target_ = child(frames_.back().node, name); }

    void scalar(Type type, std::string_view raw, std::string_view string) {
        aim();
        if (target_ != none) take(type, raw, string);
    }

    void begin(Type type, std::size_t at) {
        aim();
        if (target_ != none) take(type, record_.substr(at, 1), {});
        frames_.push_back({target_, type == Type::array, 0, at});
    }

    void end(std::size_t at) {
        const Frame& frame = frames_.back();
        if (frame.node != none)
            for (const std::uint32_t field : nodes_[frame.node].fields)
                found_[field].raw = record_.substr(frame.start, at - frame.start);
        frames_.pop_back();
    }

private:
    [[nodiscard]] bool is_small(std::string_view record) const {
        return record.size() <= limits_.bytes_max && limits_.depth_max > 0;
    }

    void start_over() {
        for (Found& found : found_)
            found.seen = false;
        frames_.clear();
        target_ = 0;
    }

    /// An object or array that is open, and the node its members are looked up in.
    struct Frame {
        std::uint32_t node;
        bool is_array;
        std::uint32_t position;
        std::size_t start;
    };

    void insert(std::uint32_t field) {
        std::uint32_t at = 0;
        nodes_[at].fields_below.push_back(field);
        for (const std::string& token : specs_[field].pointer.tokens()) {
            std::uint32_t next = child(at, token);
            if (next == none) {
                next = static_cast<std::uint32_t>(nodes_.size());
                nodes_[at].children.push_back(next);
                nodes_.push_back({token, array_index(token), {}, {}, {}});
            }
            at = next;
            nodes_[at].fields_below.push_back(field);
        }
        nodes_[at].fields.push_back(field);
    }

    [[nodiscard]] std::uint32_t child(std::uint32_t node, std::string_view token) const {
        if (node == none) return none;
        for (const std::uint32_t next : nodes_[node].children)
            if (nodes_[next].token == token) return next;
        return none;
    }

    /// In an array the position is the key.
    void aim() {
        if (frames_.empty() || !frames_.back().is_array) return;
        Frame& frame = frames_.back();
        const std::uint32_t position = frame.position++;
        target_ = none;
        if (frame.node == none) return;
        for (const std::uint32_t next : nodes_[frame.node].children)
            if (nodes_[next].element == position) target_ = next;
    }

    /// Notes a value at a node. What an earlier value of the same key had below it is forgotten:
    /// the last one counts as a whole.
    void take(Type type, std::string_view raw, std::string_view string) {
        for (const std::uint32_t field : nodes_[target_].fields_below)
            found_[field].seen = false;
        for (const std::uint32_t field : nodes_[target_].fields) {
            Found& found = found_[field];
            found.seen = true;
            found.type = type;
            found.raw = raw;
            found.string = string;
            if (type == Type::string && string.data() == scratch_.data()) {
                found.unescaped = string;
                found.string = found.unescaped;
            }
        }
    }

    static Error mismatch(const FieldSpec& spec, std::string_view got) {
        return Error{fmt::format("{}: expected {}, got {}", spec.pointer.text(),
                                 expectation(spec.type), got)};
    }

    static Result<void> convert(const FieldSpec& spec, const Found& found, Field& field) {
        field.state = !found.seen                ? Field::State::absent
                      : found.type == Type::null ? Field::State::null
                                                 : Field::State::present;
        if (!field.present()) {
            if (spec.presence == Presence::optional) return {};
            return mismatch(spec, found.seen ? "null" : "nothing");
        }
        switch (spec.type) {
            case FieldType::float64: return number(spec, found, field.float64, parse_double);
            case FieldType::float32: return number(spec, found, field.float32, parse_float);
            case FieldType::int64: return number(spec, found, field.int64, parse_int64);
            case FieldType::string:
            case FieldType::text: return text(spec, found, field);
            case FieldType::timestamp: return timestamp(spec, found, field);
            case FieldType::scalar:
                if (found.type == Type::object || found.type == Type::array)
                    return mismatch(spec, shown(found));
                field.text = found.raw;
                break;
            case FieldType::raw: field.text = found.raw; break;
        }
        return {};
    }

    template <typename T, typename Parse>
    static Result<void> number(const FieldSpec& spec, const Found& found, T& value, Parse parse) {
        if (found.type != Type::number) return mismatch(spec, shown(found));
        const Result<T> parsed = parse(found.raw);
        if (!parsed.ok())
            return Error{fmt::format("{}: {}", spec.pointer.text(), parsed.error().message)};
        value = *parsed;
        return {};
    }

    static Result<void> text(const FieldSpec& spec, const Found& found, Field& field) {
        const bool bare = found.type == Type::number || found.type == Type::boolean;
        if (found.type != Type::string && (!bare || spec.type == FieldType::string))
            return mismatch(spec, shown(found));
        field.text = bare ? found.raw : found.string;
        return {};
    }

    static Result<void> timestamp(const FieldSpec& spec, const Found& found, Field& field) {
        if (found.type != Type::string && found.type != Type::number)
            return mismatch(spec, shown(found));
        const bool is_text = found.type == Type::string;
        const auto time = parse_timestamp(is_text ? found.string : found.raw, spec.timestamp);
        if (!time.ok())
            return Error{fmt::format("{}: {}", spec.pointer.text(), time.error().message)};
        field.time = *time;
        return {};
    }

    std::vector<FieldSpec> specs_;
    Limits limits_;
    std::vector<Node> nodes_;
    sax::Reader reader_;
    std::string scratch_;
    std::vector<Frame> frames_;
    std::vector<Found> found_;
    std::vector<Field> fields_;
    std::string_view record_;
    std::uint32_t target_ = 0;
};

Extractor::Extractor(std::vector<FieldSpec> fields, const Limits& limits)
    : program_(std::make_unique<Program>(std::move(fields), limits)) {}
Extractor::Extractor(Extractor&&) noexcept = default;
Extractor& Extractor::operator=(Extractor&&) noexcept = default;
Extractor::~Extractor() = default;

Result<void> Extractor::extract(std::string_view record) { return program_->extract(record); }

std::span<const Field> Extractor::fields() const { return program_->fields(); }

}  // namespace weir::json
