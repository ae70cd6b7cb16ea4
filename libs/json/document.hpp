// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/pointer.hpp"

namespace weir::json {

/// What a text may demand of its reader. A text beyond a limit is refused before the work is done.
struct Limits {
    std::size_t bytes_max = 1U << 20;
    /// Objects and arrays within each other; the reader's stack is bounded by it.
    int depth_max = 64;
};

enum class Type : std::uint8_t { null, boolean, number, string, array, object };

/// `a number`, `an object`, ...: for messages.
std::string_view describe(Type type);

class Document;
class Members;

/// One value of a document. A handle: cheap to copy, valid until its document reads another text.
class Value {
public:
    [[nodiscard]] Type type() const;

    /// The value's bytes as they stand in the text, digits and escapes unchanged.
    [[nodiscard]] std::string_view raw() const;

    /// A string's characters, escapes resolved. Only for Type::string.
    [[nodiscard]] std::string_view string() const;

    /// An object's members, in the order of the text; a key that occurs twice comes twice. Empty
    /// for what is no object.
    [[nodiscard]] Members members() const;

    /// An array's elements in their order, each without a key. Empty for what is no array.
    [[nodiscard]] Members elements() const;

private:
    friend class Document;
    friend class Members;
    Value(const Document& document, std::uint32_t index) : document_(&document), index_(index) {}
    Members children_if(Type type) const;

    const Document* document_;
    std::uint32_t index_;
};

struct Member {
    std::string_view key;
    Value value;
};

/// The members of one object or the elements of one array, as a range for `for`.
class Members {
public:
    class Iterator {
    public:
        Member operator*() const;
        Iterator& operator++();
        friend bool operator==(const Iterator& a, const Iterator& b) {
            return a.index_ == b.index_;
        }

    private:
        friend class Members;
        Iterator(const Document& document, std::uint32_t index)
            : document_(&document), index_(index) {}

        const Document* document_;
        std::uint32_t index_;
    };

    [[nodiscard]] Iterator begin() const { return {*document_, first_}; }
    [[nodiscard]] Iterator end() const { return {*document_, last_}; }

private:
    friend class Value;
    Members(const Document& document, std::uint32_t first, std::uint32_t last)
        : document_(&document), first_(first), last_(last) {}

    const Document* document_;
    std::uint32_t first_;
    std::uint32_t last_;
};

/// A JSON object, read strictly and looked at by pointer.
///
/// Problem: readings come from anybody. What is not RFC 8259's JSON (bare NaN, trailing commas,
/// comments, bytes that are not UTF-8, a lone surrogate, something after the object) is refused
/// with its byte position, so that a record means the same to every reader. Where a key occurs
/// twice in an object, the last one counts.
///
/// Lifetime: read() borrows the text: values point into it. The document keeps its memory from one
///           read() to the next.
/// Threads:  one at a time.
class Document {
public:
    explicit Document(const Limits& limits = {}) : limits_(limits) {}

    /// Reads `text`, forgetting what was read before. Errors: too long, too deep, not JSON, not an
    /// object; the document is empty then.
    Result<void> read(std::string_view text);

    /// The object itself. Only after a read() that succeeded.
    [[nodiscard]] Value root() const;

    /// The value at `pointer`, or nothing when there is none.
    [[nodiscard]] std::optional<Value> find(const Pointer& pointer) const;

    /// Typed access. Errors name the pointer, what was expected and what was got: nothing there,
    /// another type, out of range, not an integer.
    [[nodiscard]] Result<double> float64(const Pointer& pointer) const;
    [[nodiscard]] Result<float> float32(const Pointer& pointer) const;
    [[nodiscard]] Result<std::int64_t> int64(const Pointer& pointer) const;
    [[nodiscard]] Result<std::string_view> string(const Pointer& pointer) const;

    /// A number's text, digits unchanged.
    [[nodiscard]] Result<std::string_view> number_text(const Pointer& pointer) const;

private:
    friend class Value;
    friend class Members::Iterator;
    friend struct DocumentBuilder;

    /// Values in the order of the text; a value's descendants follow it, up to `next`.
    struct Node {
        Type type;
        std::uint32_t next;
        std::string_view key;
        std::string_view raw;
        std::string_view string;
    };

    Result<std::string_view> expect(const Pointer& pointer, Type type) const;

    Limits limits_;
    std::vector<Node> nodes_;
    std::deque<std::string> unescaped_;
};

}  // namespace weir::json
