// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// One parser instance per object, no in-situ writes into other people's memory: see ReadOnlyStream.
#include <rapidjson/reader.h>

#include "base/result.hpp"
#include "json/document.hpp"

/// Inside libs/json only: the one place where RapidJSON is driven.
namespace weir::json::sax {

/// Presents borrowed bytes to RapidJSON as an in-situ stream that is never written.
///
/// Problem: RapidJSON either copies every string out of the text or writes the unescaped string
/// over the text; records are neither ours to change nor worth copying. This stream claims to be
/// in situ and only counts what is put: a string that put as many bytes as it took had no escapes
/// and can be used where it stands, any other is unescaped by unescape().
class ReadOnlyStream {
public:
    using Ch = char;

    explicit ReadOnlyStream(std::string_view text)
        : position_(text.data()), begin_(text.data()), end_(text.data() + text.size()) {}

    // NOLINTBEGIN(readability-identifier-naming): the names are RapidJSON's, as in Handler below.
    [[nodiscard]] char Peek() const { return position_ == end_ ? '\0' : *position_; }
    char Take() { return position_ == end_ ? '\0' : *position_++; }
    [[nodiscard]] std::size_t Tell() const { return static_cast<std::size_t>(position_ - begin_); }

    // RapidJSON wants a writable head and gives it back to the handler, which only reads it.
    char* PutBegin() {
        put_ = 0;
        return const_cast<char*>(position_);
    }
    void Put(char) { ++put_; }
    std::size_t PutEnd(char*) const { return put_; }
    void Flush() {}
    // NOLINTEND(readability-identifier-naming)

private:
    const char* position_;
    const char* begin_;
    const char* end_;
    std::size_t put_ = 0;
};

using Reader = rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>>;

/// Resolves the escapes of `raw` (a string's bytes between its quotes, already checked by the
/// reader) into `out`. False when a surrogate stands alone, which RapidJSON lets through.
bool unescape(std::string_view raw, std::string& out);

/// The sentence for the parser's failure at `offset` of `text`.
Error explain(std::string_view text, rapidjson::ParseErrorCode code, std::size_t offset);

/// Adapts RapidJSON's events to ours: every value with its bytes in the text, strings unescaped
/// only where they must be, depth limited.
///
/// `Sink` has: void key(std::string_view), void scalar(Type, raw, string), void begin(Type, raw
/// start), void end(raw end). A key's and an escaped string's view is valid during the call only
/// when it does not point into the text.
template <typename Sink>
class Handler {
public:
    Handler(std::string_view text, const ReadOnlyStream& stream, int depth_max, Sink& sink,
            std::string& scratch)
        : text_(text), stream_(stream), depth_max_(depth_max), sink_(sink), scratch_(scratch) {}

    // NOLINTBEGIN(readability-identifier-naming)
    bool Null() { return scalar(Type::null, 4); }
    bool Bool(bool value) { return scalar(Type::boolean, value ? 4 : 5); }
    bool RawNumber(const char*, rapidjson::SizeType length, bool) {
        return scalar(Type::number, length);
    }

    // kParseNumbersAsStringsFlag turns every number into RawNumber.
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }

    bool String(const char* head, rapidjson::SizeType length, bool) {
        std::string_view string;
        if (!resolve(head, length, string)) return false;
        const char* const end = text_.data() + stream_.Tell();
        sink_.scalar(Type::string, {head - 1, static_cast<std::size_t>(end - head + 1)}, string);
        return true;
    }

    bool Key(const char* head, rapidjson::SizeType length, bool) {
        std::string_view key;
        if (!resolve(head, length, key)) return false;
        sink_.key(key);
        return true;
    }

    bool StartObject() { return begin(Type::object); }
    bool StartArray() { return begin(Type::array); }
    bool EndObject(rapidjson::SizeType) { return end(); }
    bool EndArray(rapidjson::SizeType) { return end(); }
    // NOLINTEND(readability-identifier-naming)

    /// Why the handler stopped the parser, empty when it did not.
    [[nodiscard]] const std::string& refusal() const { return refusal_; }

private:
    bool scalar(Type type, std::size_t length) {
        if (depth_ == 0) return refuse_root(type);
        sink_.scalar(type, text_.substr(stream_.Tell() - length, length), {});
        return true;
    }

    bool begin(Type type) {
        if (depth_ == 0 && type != Type::object) return refuse_root(type);
        if (depth_ == depth_max_) {
            refusal_ = "nested deeper than " + std::to_string(depth_max_) + " levels";
            return false;
        }
        ++depth_;
        sink_.begin(type, stream_.Tell() - 1);
        return true;
    }

    bool end() {
        --depth_;
        sink_.end(stream_.Tell());
        return true;
    }

    bool refuse_root(Type type) {
        refusal_ = "expected a JSON object, got " + std::string(describe(type));
        return false;
    }

    bool resolve(const char* head, std::size_t length, std::string_view& string) {
        if (depth_ == 0) return refuse_root(Type::string);
        const auto begin = static_cast<std::size_t>(head - text_.data());
        const std::string_view raw = text_.substr(begin, stream_.Tell() - 1 - begin);
        string = raw;
        if (raw.size() == length) return true;
        if (!unescape(raw, scratch_)) {
            refusal_ = "not JSON: half a surrogate pair in the string at byte " +
                       std::to_string(begin - 1);
            return false;
        }
        string = scratch_;
        return true;
    }

    std::string_view text_;
    const ReadOnlyStream& stream_;
    int depth_max_;
    Sink& sink_;
    std::string& scratch_;
    int depth_ = 0;
    std::string refusal_;
};

/// Runs the events of one JSON object into `sink`.
template <typename Sink>
Result<void> parse(Reader& reader, std::string_view text, const Limits& limits, Sink& sink,
                   std::string& scratch) {
    constexpr unsigned flags = rapidjson::kParseInsituFlag | rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseNumbersAsStringsFlag;
    if (text.size() > limits.bytes_max)
        return Error{"expected at most " + std::to_string(limits.bytes_max) +
                     " bytes of JSON, got " + std::to_string(text.size())};
    ReadOnlyStream stream(text);
    Handler<Sink> handler(text, stream, limits.depth_max, sink, scratch);
    const rapidjson::ParseResult result = reader.Parse<flags>(stream, handler);
    if (!handler.refusal().empty()) return Error{handler.refusal()};
    if (result.IsError()) return explain(text, result.Code(), result.Offset());
    // RapidJSON takes a zero byte for the end of the text.
    if (stream.Tell() != text.size())
        return explain(text, rapidjson::kParseErrorDocumentRootNotSingular, stream.Tell());
    return {};
}

}  // namespace weir::json::sax
