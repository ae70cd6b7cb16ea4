// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"

namespace weir::aggregator {

/// A transactional id that no other replica has and that comes back after a crash.
///
/// Problem: a replica that starts again under the id of its former life ends the transaction that
/// life left open at once; under a new id everybody waits for its time-out. Two replicas under one
/// id fence each other for ever. So the id is `<group>-<host>-<number>` with the first number that
/// no living process on this host holds; the claim is an abstract socket, which the kernel gives
/// back however the process ends. (Exactness does not rest on it: the group metadata in each
/// transaction fences former owners of a partition.)
///
/// Lifetime: the claim lasts as long as the object.
class TransactionalId {
public:
    /// `configured` is used as it is when it is not empty. Errors: no number is free.
    static Result<TransactionalId> claim(const std::string& configured, const std::string& group);
    TransactionalId(TransactionalId&& other) noexcept;
    TransactionalId& operator=(TransactionalId&& other) noexcept;
    ~TransactionalId();

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    TransactionalId(std::string text, int socket) : text_(std::move(text)), socket_(socket) {}

    std::string text_;
    int socket_ = -1;
};

}  // namespace weir::aggregator
