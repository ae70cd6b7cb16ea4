// SPDX-License-Identifier: Apache-2.0
#include "lines/inflater.hpp"

#include <zlib.h>

#include "base/assert.hpp"

namespace weir::lines {

bool is_gzip(std::string_view beginning) { return beginning.substr(0, 2) == "\x1f\x8b"; }

struct Inflater::State {
    z_stream stream{};
};

Inflater::Inflater() : state_(std::make_unique<State>()) {
    constexpr int gzip_only = 16;
    const int code = inflateInit2(&state_->stream, MAX_WBITS + gzip_only);
    WEIR_ASSERT(code == Z_OK, "zlib has its few kilobytes");
}

Inflater::~Inflater() { inflateEnd(&state_->stream); }

Result<void> Inflater::inflate(std::string_view& in, std::string& out, std::size_t out_max) {
    if (in.empty() && between_members_) return {};
    z_stream& stream = state_->stream;
    const std::size_t before = out.size();
    out.resize(before + out_max);
    const auto bytes = [](auto* text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); };
    stream.next_in = bytes(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = bytes(out.data() + before);
    stream.avail_out = static_cast<uInt>(out_max);
    int code = Z_OK;
    do {
        between_members_ = false;
        code = ::inflate(&stream, Z_NO_FLUSH);
        if (code != Z_STREAM_END) continue;
        between_members_ = true;
        code = inflateReset(&stream);
    } while (code == Z_OK && stream.avail_in > 0 && stream.avail_out > 0);
    in.remove_prefix(in.size() - stream.avail_in);
    out.resize(before + out_max - stream.avail_out);
    // Z_BUF_ERROR: nothing was left to do.
    if (code == Z_OK || code == Z_BUF_ERROR) return {};
    return Error{std::string("the gzip file is damaged: ") +
                 (stream.msg != nullptr ? stream.msg : zError(code))};
}

}  // namespace weir::lines
