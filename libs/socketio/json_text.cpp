// SPDX-License-Identifier: Apache-2.0
#include "socketio/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace weir::socketio {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// A recursive-descent reader of RFC 8259 that remembers placeholders. Every function reads one
/// thing from the current position and says whether it was there.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    bool at_end() {
        skip_space();
        return at_ == text_.size();
    }

    bool take(char c) {
        skip_space();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    char peek() {
        skip_space();
        return at_ < text_.size() ? text_[at_] : '\0';
    }

    std::size_t position() const { return at_; }

    bool value(int depth) {
        switch (peek()) {
            case '{': return object(depth);
            case '[': return array(depth);
            case '"': return string();
            case 't': return literal("true");
            case 'f': return literal("false");
            case 'n': return literal("null");
            default: return number();
        }
    }

    bool object(int depth) {
        if (depth == 0 || !take('{')) return false;
        Members members;
        if (!take('}')) {
            do {
                if (!member(depth - 1, members)) return false;
            } while (take(','));
            if (!take('}')) return false;
        }
        if (members.placeholder) note_placeholder(members.number);
        return true;
    }

    bool string() {
        if (!take('"')) return false;
        while (at_ < text_.size()) {
            const char c = text_[at_++];
            if (c == '"') return true;
            if (static_cast<unsigned char>(c) < 0x20 || (c == '\\' && !escape())) return false;
        }
        return false;
    }

    std::optional<std::uint64_t> attachments() const { return attachments_; }

private:
    /// What an object has that may make it a placeholder.
    struct Members {
        bool placeholder = false;
        std::string_view number;
    };

    void skip_space() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' ||
                                      text_[at_] == '\n' || text_[at_] == '\r'))
            ++at_;
    }

    bool member(int depth, Members& members) {
        const std::string_view name = token([&] { return string(); });
        if (name.empty() || !take(':')) return false;
        const std::string_view content = token([&] { return value(depth); });
        if (content.empty()) return false;
        if (name == R"("_placeholder")") members.placeholder = content == "true";
        if (name == R"("num")") members.number = content;
        return true;
    }

    /// The text that `read` goes over; empty when it fails.
    template <typename Read>
    std::string_view token(Read read) {
        skip_space();
        const std::size_t start = at_;
        return read() ? text_.substr(start, at_ - start) : std::string_view();
    }

    bool array(int depth) {
        if (depth == 0 || !take('[')) return false;
        if (take(']')) return true;
        do {
            if (!value(depth - 1)) return false;
        } while (take(','));
        return take(']');
    }

    bool escape() {
        if (at_ == text_.size()) return false;
        const char c = text_[at_++];
        if (c != 'u') return std::string_view(R"("\/bfnrt)").find(c) != std::string_view::npos;
        for (int i = 0; i < 4; ++i, ++at_)
            if (at_ == text_.size() || !is_hex(text_[at_])) return false;
        return true;
    }

    bool literal(std::string_view word) {
        if (text_.substr(at_, word.size()) != word) return false;
        at_ += word.size();
        return true;
    }

    bool digits() {
        const std::size_t start = at_;
        while (at_ < text_.size() && is_digit(text_[at_]))
            ++at_;
        return at_ > start;
    }

    bool take_one_of(std::string_view set) {
        if (at_ == text_.size() || set.find(text_[at_]) == std::string_view::npos) return false;
        ++at_;
        return true;
    }

    bool number() {
        take_one_of("-");
        if (!take_one_of("0") && !digits()) return false;
        if (take_one_of(".") && !digits()) return false;
        if (take_one_of("eE")) {
            take_one_of("+-");
            return digits();
        }
        return true;
    }

    void note_placeholder(std::string_view number) {
        std::uint32_t index = 0;
        const auto [end, error] =
            std::from_chars(number.data(), number.data() + number.size(), index);
        const bool whole = error == std::errc{} && end == number.data() + number.size();
        if (!whole || number.empty())
            attachments_.reset();
        else if (attachments_)
            attachments_ = std::max(*attachments_, std::uint64_t{index} + 1);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::optional<std::uint64_t> attachments_ = 0;
};

}  // namespace

std::optional<JsonArray> scan_json_array(std::string_view text) {
    Scanner scanner(text);
    if (!scanner.take('[')) return std::nullopt;
    JsonArray array;
    if (!scanner.take(']')) {
        scanner.peek();  // past the space before the first element
        const std::size_t start = scanner.position();
        if (!scanner.value(json_depth_max)) return std::nullopt;
        array.first = text.substr(start, scanner.position() - start);
        if (scanner.take(',')) {
            const std::size_t rest = scanner.position();
            do {
                if (!scanner.value(json_depth_max)) return std::nullopt;
            } while (scanner.take(','));
            array.rest = text.substr(rest, scanner.position() - rest);
        }
        if (!scanner.take(']')) return std::nullopt;
    }
    if (!scanner.at_end()) return std::nullopt;
    array.attachments = scanner.attachments();
    return array;
}

bool is_json_object(std::string_view text) {
    Scanner scanner(text);
    return scanner.object(json_depth_max) && scanner.at_end();
}

bool is_json_string(std::string_view text) {
    Scanner scanner(text);
    return scanner.string() && scanner.at_end();
}

bool is_json_list(std::string_view text) {
    Scanner scanner(text);
    if (scanner.at_end()) return true;
    do {
        if (!scanner.value(json_depth_max)) return false;
    } while (scanner.take(','));
    return scanner.at_end();
}

}  // namespace weir::socketio
