// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "json/document.hpp"

/// Inside libs/json only: a quick reader of what nearly every record is.
namespace weir::json {

/// Reads a JSON object whose members are numbers, plain strings, `true`, `false` and `null`, and
/// tells `sink` what sax::parse would.
///
/// Problem: a parser of the whole language costs more than all that is done with a reading. Most
/// records are flat objects in ASCII without escapes, and those need one pass without a buffer.
///
/// False for anything else, broken or merely unusual: nested values, escapes, bytes beyond ASCII,
/// exponents, numbers longer than 64 bits take. The sink has been told a part then and must start
/// over with the parser, which says what is wrong if something is.
template <typename Sink>
class FlatScan {
public:
    FlatScan(std::string_view text, Sink& sink)
        : at_(text.data()), end_(text.data() + text.size()), begin_(at_), sink_(sink) {}

    bool run() {
        skip_space();
        if (!skip('{')) return false;
        sink_.begin(Type::object, static_cast<std::size_t>(at_ - 1 - begin_));
        skip_space();
        if (!skip('}')) {
            do {
                skip_space();
                if (!member()) return false;
                skip_space();
            } while (skip(','));
            if (!skip('}')) return false;
        }
        sink_.end(static_cast<std::size_t>(at_ - begin_));
        skip_space();
        return at_ == end_;
    }

private:
    // Digits of a number before its point, and after it: what a double takes without a doubt.
    static constexpr std::ptrdiff_t digits_max = 18;

    bool member() {
        std::string_view name;
        if (!string(name)) return false;
        sink_.key(name);
        skip_space();
        if (!skip(':')) return false;
        skip_space();
        if (at_ == end_) return false;
        const char* const from = at_;
        switch (*at_) {
            case '"': {
                std::string_view value;
                if (!string(value)) return false;
                sink_.scalar(Type::string, since(from), value);
                return true;
            }
            case 't': return word("true", Type::boolean);
            case 'f': return word("false", Type::boolean);
            case 'n': return word("null", Type::null);
            default:
                if (!number()) return false;
                sink_.scalar(Type::number, since(from), {});
                return true;
        }
    }

    bool string(std::string_view& inside) {
        if (!skip('"')) return false;
        const char* const from = at_;
        for (std::uint64_t block = 0; end_ - at_ >= 8; at_ += 8) {
            std::memcpy(&block, at_, sizeof block);
            if (has_special(block)) break;
        }
        while (at_ != end_ && is_plain(*at_))
            ++at_;
        inside = since(from);
        return skip('"');
    }

    static bool is_plain(char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= ' ' && byte < 0x80 && c != '"' && c != '\\';
    }

    /// Whether one of eight bytes is a quote, a backslash, a control character or beyond ASCII.
    /// It may say so of a byte after such a one, but never overlooks one.
    static bool has_special(std::uint64_t block) {
        constexpr std::uint64_t ones = 0x0101010101010101;
        constexpr std::uint64_t high = 0x8080808080808080;
        const auto equals = [](std::uint64_t bytes, unsigned char wanted) {
            const std::uint64_t zero_where_equal = bytes ^ (ones * wanted);
            return (zero_where_equal - ones) & ~zero_where_equal;
        };
        const std::uint64_t below_space = (block - ones * ' ') & ~block;
        return ((block | below_space | equals(block, '"') | equals(block, '\\')) & high) != 0;
    }

    bool word(std::string_view wanted, Type type) {
        if (static_cast<std::size_t>(end_ - at_) < wanted.size() ||
            std::memcmp(at_, wanted.data(), wanted.size()) != 0)
            return false;
        const char* const from = at_;
        at_ += wanted.size();
        sink_.scalar(type, since(from), {});
        return true;
    }

    /// RFC 8259 section 6 without exponents.
    bool number() {
        skip('-');
        const char* const whole = at_;
        skip_digits();
        if (at_ == whole || at_ - whole > digits_max || (at_ - whole > 1 && *whole == '0'))
            return false;
        if (skip('.')) {
            const char* const fraction = at_;
            skip_digits();
            if (at_ == fraction || at_ - fraction > digits_max) return false;
        }
        return at_ == end_ || (*at_ != 'e' && *at_ != 'E');
    }

    void skip_digits() {
        while (at_ != end_ && *at_ >= '0' && *at_ <= '9')
            ++at_;
    }

    void skip_space() {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r'))
            ++at_;
    }

    bool skip(char wanted) {
        if (at_ == end_ || *at_ != wanted) return false;
        ++at_;
        return true;
    }

    [[nodiscard]] std::string_view since(const char* from) const {
        return {from, static_cast<std::size_t>(at_ - from)};
    }

    const char* at_;
    const char* const end_;
    const char* const begin_;
    Sink& sink_;
};

}  // namespace weir::json
