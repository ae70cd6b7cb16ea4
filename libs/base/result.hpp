// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/assert.hpp"

namespace weir {

/// An expected failure, as one sentence a person can act on: doing what, with what, what was
/// expected, what was got.
struct Error {
    std::string message;
};

/// A value or the reason why there is none.
///
/// Problem: an expected failure (a refused connection, a broken record) is an answer, not an
/// exception; the caller must look at it before it can reach the value.
template <typename T, typename E = Error>
class [[nodiscard]] Result {
    static_assert(!std::is_same_v<T, E>, "a value and an error need different types");

public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() & {
        WEIR_ASSERT(ok(), "the value of a failed result was asked for");
        return *std::get_if<0>(&state_);
    }
    const T& value() const& {
        WEIR_ASSERT(ok(), "the value of a failed result was asked for");
        return *std::get_if<0>(&state_);
    }
    T&& value() && { return std::move(value()); }

    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const E& error() const {
        WEIR_ASSERT(!ok(), "the error of a good result was asked for");
        return *std::get_if<1>(&state_);
    }

private:
    std::variant<T, E> state_;
};

/// Success without a value: `return {};`.
template <typename E>
class [[nodiscard]] Result<void, E> {
public:
    Result() = default;
    Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    const E& error() const {
        WEIR_ASSERT(!ok(), "the error of a good result was asked for");
        return *std::get_if<1>(&state_);
    }

private:
    std::variant<std::monostate, E> state_;
};

}  // namespace weir
