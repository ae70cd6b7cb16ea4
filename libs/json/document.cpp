// SPDX-License-Identifier: Apache-2.0
#include "json/document.hpp"

#include <fmt/format.h>

#include "json/number.hpp"
#include "json/sax.hpp"

namespace weir::json {

std::string_view describe(Type type) {
    switch (type) {
        case Type::null: return "null";
        case Type::boolean: return "a boolean";
        case Type::number: return "a number";
        case Type::string: return "a string";
        case Type::array: return "an array";
        case Type::object: return "an object";
    }
    return "nothing";
}

/// Turns the parser's events into the document's nodes.
struct DocumentBuilder {
    Document& document;
    std::string_view text;
    std::vector<std::uint32_t> open{};
    std::string_view pending_key{};

    std::string_view kept(std::string_view view) const {
        const bool inside = view.data() >= text.data() && view.data() <= text.data() + text.size();
        return inside ? view : std::string_view(document.unescaped_.emplace_back(view));
    }

    void add(Type type, std::string_view raw, std::string_view string) {
        const auto next = static_cast<std::uint32_t>(document.nodes_.size() + 1);
        document.nodes_.push_back({type, next, pending_key, raw, string});
        pending_key = {};
    }

    void key(std::string_view key) { pending_key = kept(key); }

    void scalar(Type type, std::string_view raw, std::string_view string) {
        add(type, raw, type == Type::string ? kept(string) : string);
    }

    void begin(Type type, std::size_t at) {
        open.push_back(static_cast<std::uint32_t>(document.nodes_.size()));
        add(type, text.substr(at, 1), {});
    }

    void end(std::size_t at) {
        auto& node = document.nodes_[open.back()];
        open.pop_back();
        node.next = static_cast<std::uint32_t>(document.nodes_.size());
        const auto begin = static_cast<std::size_t>(node.raw.data() - text.data());
        node.raw = text.substr(begin, at - begin);
    }
};

Type Value::type() const { return document_->nodes_[index_].type; }

std::string_view Value::raw() const { return document_->nodes_[index_].raw; }

std::string_view Value::string() const {
    const auto& node = document_->nodes_[index_];
    WEIR_ASSERT(node.type == Type::string, "the characters of a value that is no string");
    return node.string;
}

Members Value::children_if(Type type) const {
    const auto& node = document_->nodes_[index_];
    const std::uint32_t first = node.type == type ? index_ + 1 : node.next;
    return {*document_, first, node.next};
}

Members Value::members() const { return children_if(Type::object); }

Members Value::elements() const { return children_if(Type::array); }

Member Members::Iterator::operator*() const {
    return {document_->nodes_[index_].key, Value(*document_, index_)};
}

Members::Iterator& Members::Iterator::operator++() {
    index_ = document_->nodes_[index_].next;
    return *this;
}

Result<void> Document::read(std::string_view text) {
    nodes_.clear();
    unescaped_.clear();
    sax::Reader reader;
    std::string scratch;
    DocumentBuilder builder{*this, text};
    auto result = sax::parse(reader, text, limits_, builder, scratch);
    if (!result.ok()) nodes_.clear();
    return result;
}

Value Document::root() const {
    WEIR_ASSERT(!nodes_.empty(), "a document was looked at that holds nothing");
    return {*this, 0};
}

std::optional<Value> Document::find(const Pointer& pointer) const {
    if (nodes_.empty()) return std::nullopt;
    std::uint32_t at = 0;
    for (const std::string& token : pointer.tokens()) {
        const Node& parent = nodes_[at];
        std::optional<std::uint32_t> found;
        if (parent.type == Type::object) {
            for (std::uint32_t i = at + 1; i < parent.next; i = nodes_[i].next)
                if (nodes_[i].key == token) found = i;
        } else if (parent.type == Type::array) {
            auto remaining = array_index(token);
            for (std::uint32_t i = at + 1; remaining && i < parent.next; i = nodes_[i].next) {
                if (*remaining == 0) {
                    found = i;
                    break;
                }
                --*remaining;
            }
        }
        if (!found) return std::nullopt;
        at = *found;
    }
    return Value(*this, at);
}

Result<std::string_view> Document::expect(const Pointer& pointer, Type type) const {
    const auto value = find(pointer);
    if (!value)
        return Error{fmt::format("{}: expected {}, got nothing", pointer.text(), describe(type))};
    if (value->type() != type)
        return Error{fmt::format("{}: expected {}, got {}", pointer.text(), describe(type),
                                 describe(value->type()))};
    return type == Type::string ? value->string() : value->raw();
}

namespace {

template <typename T>
Result<T> at_pointer(const Pointer& pointer, Result<T> result) {
    if (result.ok()) return result;
    return Error{pointer.text() + ": " + result.error().message};
}

}  // namespace

Result<double> Document::float64(const Pointer& pointer) const {
    const auto text = number_text(pointer);
    if (!text.ok()) return text.error();
    return at_pointer(pointer, parse_double(*text));
}

Result<float> Document::float32(const Pointer& pointer) const {
    const auto text = number_text(pointer);
    if (!text.ok()) return text.error();
    return at_pointer(pointer, parse_float(*text));
}

Result<std::int64_t> Document::int64(const Pointer& pointer) const {
    const auto text = number_text(pointer);
    if (!text.ok()) return text.error();
    return at_pointer(pointer, parse_int64(*text));
}

Result<std::string_view> Document::string(const Pointer& pointer) const {
    return expect(pointer, Type::string);
}

Result<std::string_view> Document::number_text(const Pointer& pointer) const {
    return expect(pointer, Type::number);
}

}  // namespace weir::json
