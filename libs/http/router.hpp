// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/server.hpp"

namespace weir::http {

/// Who answers a request: exact routes first, then the longest mounted prefix.
class Router {
public:
    struct Mount {
        std::string prefix;
        Server::AsyncHandler handler;
        Server::Admit admit;
    };

    /// The outcome of find(): exactly one of the three.
    struct Match {
        const Server::Handler* route = nullptr;
        const Mount* mount = nullptr;
        std::optional<Response> error = {};  ///< 404, or 405 with its Allow header
    };

    void add_route(std::string method, std::string path, Server::Handler handler);
    void add_mount(Mount mount);
    void add_decorator(std::string prefix, Server::Decorator decorator);

    /// Pointers in the answer live as long as the router is not added to.
    Match find(std::string_view method, std::string_view path) const;

    void decorate(const Request& request, Response& response) const;

private:
    struct Route {
        std::string method;
        std::string path;
        Server::Handler handler;
    };
    struct Decoration {
        std::string prefix;
        Server::Decorator decorator;
    };

    std::vector<Route> routes_;
    std::vector<Mount> mounts_;  // longest prefix first
    std::vector<Decoration> decorations_;
};

}  // namespace weir::http
