// SPDX-License-Identifier: Apache-2.0
#include "json/sax.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace weir::json::sax {
namespace {

std::uint32_t hex4(std::string_view digits) {
    std::uint32_t value = 0;
    for (const char digit : digits.substr(0, 4)) {
        const auto code = static_cast<std::uint32_t>(digit);
        const std::uint32_t nibble = digit <= '9' ? code - '0' : (code | 0x20U) - 'a' + 10;
        value = value << 4U | nibble;
    }
    return value;
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    const auto tail = [&](unsigned shift) { put(0x80U | (code >> shift & 0x3FU)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0U | code >> 6U);
        tail(0);
    } else if (code < 0x10000) {
        put(0xE0U | code >> 12U);
        tail(6);
        tail(0);
    } else {
        put(0xF0U | code >> 18U);
        tail(12);
        tail(6);
        tail(0);
    }
}

char simple_escape(char character) {
    switch (character) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return character;
    }
}

std::string_view reason(rapidjson::ParseErrorCode code) {
    switch (code) {
        case rapidjson::kParseErrorDocumentEmpty: return "nothing there";
        case rapidjson::kParseErrorDocumentRootNotSingular: return "something follows the object";
        case rapidjson::kParseErrorObjectMissName: return "expected a member's name";
        case rapidjson::kParseErrorObjectMissColon: return "expected a colon after a member's name";
        case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
            return "expected a comma or } after a member";
        case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
            return "expected a comma or ] after an element";
        case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
            return "expected four hex digits after \\u";
        case rapidjson::kParseErrorStringUnicodeSurrogateInvalid: return "half a surrogate pair";
        case rapidjson::kParseErrorStringEscapeInvalid:
            return "an unknown escape or a control character in a string";
        case rapidjson::kParseErrorStringMissQuotationMark: return "a string without its end";
        case rapidjson::kParseErrorStringInvalidEncoding: return "not UTF-8";
        case rapidjson::kParseErrorNumberTooBig: return "a number beyond the range of a double";
        case rapidjson::kParseErrorNumberMissFraction: return "expected a digit after the point";
        case rapidjson::kParseErrorNumberMissExponent: return "expected a digit in the exponent";
        default: return "expected a value";
    }
}

/// The bare word around `offset`: what a reader that knows no NaN stumbled over.
std::string_view word_at(std::string_view text, std::size_t offset) {
    const auto in_word = [&](std::size_t i) {
        const char c = text[i];
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+';
    };
    std::size_t begin = offset;
    while (begin > 0 && in_word(begin - 1))
        --begin;
    std::size_t end = offset;
    while (end < text.size() && in_word(end))
        ++end;
    return text.substr(begin, end - begin);
}

bool is_no_number(std::string_view word) {
    std::string lower;
    for (const char character : word.substr(0, 16))
        if (character != '-' && character != '+') lower += static_cast<char>(character | 0x20);
    return lower == "nan" || lower == "inf" || lower == "infinity";
}

}  // namespace

bool unescape(std::string_view raw, std::string& out) {
    out.clear();
    while (!raw.empty()) {
        const std::size_t plain = raw.find('\\');
        out += raw.substr(0, plain);
        if (plain == std::string_view::npos) return true;
        const char kind = raw[plain + 1];
        raw.remove_prefix(plain + 2);
        if (kind != 'u') {
            out += simple_escape(kind);
            continue;
        }
        std::uint32_t code = hex4(raw);
        raw.remove_prefix(4);
        if (code >= 0xDC00 && code <= 0xDFFF) return false;
        if (code >= 0xD800 && code <= 0xDBFF) {
            code = 0x10000 + ((code - 0xD800) << 10U) + (hex4(raw.substr(2)) - 0xDC00);
            raw.remove_prefix(6);
        }
        append_utf8(out, code);
    }
    return true;
}

Error explain(std::string_view text, rapidjson::ParseErrorCode code, std::size_t offset) {
    if (offset < text.size()) {
        const std::string_view word = word_at(text, offset);
        if (code == rapidjson::kParseErrorValueInvalid && is_no_number(word))
            return Error{fmt::format("not JSON: {} at byte {}, and JSON has no such number", word,
                                     static_cast<std::size_t>(word.data() - text.data()))};
        return Error{fmt::format("not JSON: {} at byte {}", reason(code), offset)};
    }
    if (text.empty()) return Error{"not JSON: the text is empty"};
    return Error{fmt::format("not JSON: the text ends too early, at byte {}", text.size())};
}

}  // namespace weir::json::sax
