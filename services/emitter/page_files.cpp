// SPDX-License-Identifier: Apache-2.0
#include "page_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace weir::emitter {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, std::string_view>, 14> content_types{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/vnd.microsoft.icon"},
    {".webp", "image/webp"},
    {".jpg", "image/jpeg"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
}};

// Everything from here only; no plug-ins, no form, no foreign frame around us.
constexpr std::string_view content_security_policy =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'";

/// FNV-1a: tells versions of a file apart, which is all an ETag has to do.
std::string etag_of(std::string_view bytes) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char byte : bytes)
        hash = (hash ^ static_cast<std::uint8_t>(byte)) * 1099511628211ULL;
    return fmt::format("\"{:016x}-{:x}\"", hash, bytes.size());
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

Error page_error(const std::string& folder, std::string_view wrong) {
    return {fmt::format("reading the page from {}: {}", folder, wrong)};
}

}  // namespace

Result<PageFiles> PageFiles::load(const std::string& folder) {
    PageFiles page;
    std::size_t bytes = 0;
    std::error_code error;
    auto entry = fs::recursive_directory_iterator(folder, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        if (is_hidden(entry->path())) {
            if (entry->is_directory(error)) entry.disable_recursion_pending();
            continue;
        }
        if (!entry->is_regular_file(error)) continue;
        const auto size = entry->file_size(error);
        if (error) break;
        bytes += size;
        if (page.files_.size() >= files_max || bytes > bytes_max)
            return page_error(
                folder, fmt::format("more than {} files or {} MiB", files_max, bytes_max >> 20));
        std::ifstream stream(entry->path(), std::ios::binary);
        std::string content(size, '\0');
        if (!stream.read(content.data(), static_cast<std::streamsize>(size)))
            return page_error(folder, entry->path().string() + " cannot be read");
        page.files_.push_back({.path = "/" + fs::relative(entry->path(), folder).generic_string(),
                               .etag = etag_of(content),
                               .bytes = std::make_shared<const std::string>(std::move(content))});
    }
    if (error) return page_error(folder, error.message());
    std::ranges::sort(page.files_, {}, &File::path);
    return page;
}

void PageFiles::serve_on(http::Server& server) const {
    constexpr std::string_view index = "index.html";
    for (const File& file : files_) {
        const auto handler = [file](const http::Request& request) {
            http::Response response{.content_type = std::string(content_type(file.path))};
            response.headers = {{"ETag", file.etag}, {"Cache-Control", "no-cache"}};
            add_security_headers(response);
            if (matches_etag(request.header("if-none-match"), file.etag))
                response.status = 304;
            else
                response.shared_body = file.bytes;
            return response;
        };
        server.route("GET", file.path, handler);
        if (file.path.ends_with(index) && file.path[file.path.size() - index.size() - 1] == '/')
            server.route("GET", file.path.substr(0, file.path.size() - index.size()), handler);
    }
}

std::string_view content_type(std::string_view path) {
    for (const auto& [ending, type] : content_types)
        if (path.ends_with(ending)) return type;
    return "application/octet-stream";
}

bool matches_etag(std::string_view if_none_match, std::string_view etag) {
    if (if_none_match == "*") return true;
    for (std::size_t at = if_none_match.find(etag); at != std::string_view::npos;
         at = if_none_match.find(etag, at + 1)) {
        const std::size_t end = at + etag.size();
        if (end == if_none_match.size() || if_none_match[end] == ',' || if_none_match[end] == ' ')
            return true;
    }
    return false;
}

void add_security_headers(http::Response& response) {
    response.headers.push_back({"Content-Security-Policy", std::string(content_security_policy)});
    response.headers.push_back({"X-Content-Type-Options", "nosniff"});
    response.headers.push_back({"Referrer-Policy", "same-origin"});
}

}  // namespace weir::emitter
