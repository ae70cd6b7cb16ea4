// SPDX-License-Identifier: Apache-2.0
#include "transactional_id.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <utility>

namespace weir::aggregator {
namespace {

/// Replicas of one group on one host; beyond it something is wrong with the deployment.
constexpr int replicas_max = 1000;

/// A socket bound to `name` in the abstract namespace (unix(7)), or -1 when somebody has it.
int bind_abstract(const std::string& name) {
    const int handle = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (handle < 0) return -1;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // The first byte stays zero: that is what makes the name abstract.
    const std::size_t size = std::min(name.size(), sizeof(address.sun_path) - 1);
    std::copy_n(name.data(), size, address.sun_path + 1);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + size);
    if (::bind(handle, reinterpret_cast<const sockaddr*>(&address), length) == 0) return handle;
    ::close(handle);
    return -1;
}

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "host";
    return name.data();
}

}  // namespace

Result<TransactionalId> TransactionalId::claim(const std::string& configured,
                                               const std::string& group) {
    if (!configured.empty()) return TransactionalId(configured, -1);
    for (int number = 0; number < replicas_max; ++number) {
        std::string text = fmt::format("{}-{}-{}", group, host_name(), number);
        // Socket names are short; the hash keeps long group names apart.
        const auto socket = bind_abstract(
            fmt::format("weir-aggregator-{:016x}-{}", std::hash<std::string>{}(group), number));
        if (socket >= 0) return TransactionalId(std::move(text), socket);
    }
    return Error{
        fmt::format("claiming a transactional id: {} replicas of group {} run on this host",
                    replicas_max, group)};
}

TransactionalId::TransactionalId(TransactionalId&& other) noexcept
    : text_(std::move(other.text_)), socket_(std::exchange(other.socket_, -1)) {}

TransactionalId& TransactionalId::operator=(TransactionalId&& other) noexcept {
    std::swap(text_, other.text_);
    std::swap(socket_, other.socket_);
    return *this;
}

TransactionalId::~TransactionalId() {
    if (socket_ >= 0) ::close(socket_);
}

}  // namespace weir::aggregator
