// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/server.hpp"

namespace weir::emitter {

/// The files of a folder, held in memory and served as they are.
///
/// Problem: a page must come up when the disk is slow, never show half an update, and not let a
/// request name a file outside its folder. So the files are read once, at the start, and each has
/// its own exact route; nothing a client sends is ever made a path of.
///
/// Limits: `files_max`, `bytes_max`.
class PageFiles {
public:
    static constexpr std::size_t files_max = 1'000;
    static constexpr std::size_t bytes_max = 32 << 20;

    /// Reads every regular file under `folder`, but for names that start with a dot.
    /// Errors: there is no such folder, it is beyond a limit, a file cannot be read.
    static Result<PageFiles> load(const std::string& folder);

    /// Serves each file at its path, `index.html` also at its folder's, with a strong ETag.
    void serve_on(http::Server& server) const;

    std::size_t count() const { return files_.size(); }

private:
    struct File {
        std::string path;  ///< as requested: `/vendor/uplot.js`
        std::string etag;
        std::shared_ptr<const std::string> bytes;
    };

    std::vector<File> files_;
};

/// The media type of a file, by the end of its name.
std::string_view content_type(std::string_view path);

/// True when the header If-None-Match names `etag` (RFC 9110 section 13.1.2).
bool matches_etag(std::string_view if_none_match, std::string_view etag);

/// What keeps a page from being made to do what it was not written for.
void add_security_headers(http::Response& response);

}  // namespace weir::emitter
