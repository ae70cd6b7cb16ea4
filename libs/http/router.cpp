// SPDX-License-Identifier: Apache-2.0
#include "http/router.hpp"

#include <algorithm>

namespace weir::http {

void Router::add_route(std::string method, std::string path, Server::Handler handler) {
    routes_.push_back({std::move(method), std::move(path), std::move(handler)});
}

void Router::add_mount(Mount mount) {
    mounts_.push_back(std::move(mount));
    std::stable_sort(mounts_.begin(), mounts_.end(), [](const Mount& a, const Mount& b) {
        return a.prefix.size() > b.prefix.size();
    });
}

void Router::add_decorator(std::string prefix, Server::Decorator decorator) {
    decorations_.push_back({std::move(prefix), std::move(decorator)});
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
    std::string allowed;
    for (const Route& route : routes_) {
        if (route.path != path) continue;
        if (route.method == method || (route.method == "GET" && method == "HEAD"))
            return {.route = &route.handler};
        allowed += (allowed.empty() ? "" : ", ") + route.method;
        if (route.method == "GET") allowed += ", HEAD";
    }
    if (!allowed.empty()) {
        Response error{.status = 405, .content_type = "text/plain", .body = "method not allowed\n"};
        error.headers.push_back({"Allow", allowed});
        return {.error = std::move(error)};
    }
    for (const Mount& mount : mounts_)
        if (path.starts_with(mount.prefix)) return {.mount = &mount};
    return {.error = Response{.status = 404, .content_type = "text/plain", .body = "not found\n"}};
}

void Router::decorate(const Request& request, Response& response) const {
    for (const Decoration& decoration : decorations_)
        if (request.path.starts_with(decoration.prefix)) decoration.decorator(request, response);
}

}  // namespace weir::http
