// SPDX-License-Identifier: Apache-2.0
#include "reading_buffer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>
#include <vector>

namespace weir::serial_reader {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view segment_suffix = ".readings";
constexpr mode_t file_mode = 0640;
constexpr std::size_t cursor_slots = 2;

// A full buffer drops this part of itself at a time.
constexpr std::uint64_t segment_share = 16;

Error system_error(std::string_view doing, const fs::path& path) {
    return Error{
        fmt::format("{} {}: {}", doing, path.string(), std::system_category().message(errno))};
}

off_t offset_of(std::uint64_t index) { return static_cast<off_t>(index * stored_bytes); }

std::optional<Reading> read_stored(int file, std::uint64_t index) {
    StoredBytes bytes;
    const ssize_t count = pread(file, bytes.data(), bytes.size(), offset_of(index));
    if (count != static_cast<ssize_t>(stored_bytes)) return std::nullopt;
    return decode(bytes);
}

bool write_stored(int file, std::uint64_t index, const Reading& reading) {
    const StoredBytes bytes = encode(reading);
    const ssize_t count = pwrite(file, bytes.data(), bytes.size(), offset_of(index));
    // A short write sets no errno: the disk had room for a part only.
    if (count >= 0 && count != static_cast<ssize_t>(stored_bytes)) errno = ENOSPC;
    return count == static_cast<ssize_t>(stored_bytes);
}

fs::path segment_path(const fs::path& folder, Sequence first) {
    return folder / fmt::format("{:020}{}", first, segment_suffix);
}

/// The first sequence of a segment by its file name.
std::optional<Sequence> sequence_of(const fs::path& path) {
    const std::string name = path.filename().string();
    Sequence first = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), first);
    if (error != std::errc{} || first == 0 || std::string_view(end) != segment_suffix)
        return std::nullopt;
    return first;
}

}  // namespace

ReadingBuffer::ReadingBuffer(fs::path folder, Bytes size, FileDescriptor lock)
    : folder_(std::move(folder)),
      size_(size),
      segment_readings_max_(size.count / segment_share / stored_bytes),
      lock_(std::move(lock)) {}

Result<std::unique_ptr<ReadingBuffer>> ReadingBuffer::open(const fs::path& folder, Bytes size) {
    WEIR_ASSERT(size >= size_min, "the options refuse a smaller buffer");
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed)
        return Error{fmt::format("making the folder {}: {}", folder.string(), failed.message())};
    FileDescriptor lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock) return system_error("opening the folder", folder);
    if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
        return Error{
            fmt::format("locking the folder {}: another process uses it", folder.string())};

    std::unique_ptr<ReadingBuffer> buffer(new ReadingBuffer(folder, size, std::move(lock)));
    if (const auto found = buffer->find_segments(); !found) return found.error();
    if (const auto found = buffer->find_cursor(); !found) return found.error();
    return buffer;
}

Result<void> ReadingBuffer::find_segments() {
    std::error_code failed;
    std::vector<std::pair<Sequence, fs::path>> found;
    for (fs::directory_iterator entry(folder_, failed), end; !failed && entry != end;
         entry.increment(failed))
        if (const auto first = sequence_of(entry->path()))
            found.emplace_back(*first, entry->path());
    if (failed) return Error{fmt::format("listing {}: {}", folder_.string(), failed.message())};
    std::sort(found.begin(), found.end());

    for (const auto& [first, path] : found) {
        FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        if (!file) return system_error("opening", path);
        struct stat status {};
        if (fstat(file.get(), &status) != 0) return system_error("examining", path);
        const auto count = static_cast<std::uint64_t>(status.st_size) / stored_bytes;
        segments_.push_back(Segment{path, std::move(file), first, count});
    }
    if (segments_.empty()) return {};

    // A kill can only cut the end of the last segment, a power cut may also leave it full of
    // zeros: what counts ends with the last intact reading.
    Segment& last = segments_.back();
    const auto intact = [&last](std::uint64_t index) {
        const auto reading = read_stored(last.file.get(), index);
        return reading && reading->sequence == last.first + index;
    };
    while (last.count > 0 && !intact(last.count - 1))
        --last.count;
    if (ftruncate(last.file.get(), offset_of(last.count)) != 0)
        return system_error("truncating", last.path);
    last_is_open_ = true;
    end_ = last.end();
    return {};
}

// The cursor is a stored reading whose sequence is the first not released and whose time is that
// of the last one released (value 1) or unknown (value 0). Two slots are written in turn, so that
// one is whole whatever happens to the other.
Result<void> ReadingBuffer::find_cursor() {
    const fs::path path = folder_ / "cursor";
    cursor_ = FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, file_mode));
    if (!cursor_) return system_error("opening", path);
    std::optional<Reading> newest;
    for (unsigned slot = 0; slot < cursor_slots; ++slot) {
        const auto stored = read_stored(cursor_.get(), slot);
        if (!stored || (newest && stored->sequence < newest->sequence)) continue;
        newest = stored;
        cursor_slot_ = (slot + 1) % cursor_slots;
    }
    if (!newest) {
        if (!segments_.empty()) released_.sequence = segments_.front().first;
        return {};
    }
    released_.sequence = newest->sequence;
    if (newest->value != 0) released_.time = newest->time;
    if (released_.sequence > end_) {
        // A power cut took readings from the segments that had been sent: do not use their
        // numbers again.
        end_ = released_.sequence;
        last_is_open_ = false;
    }
    return {};
}

Result<Sequence> ReadingBuffer::append(EventTime time, double value) {
    const Reading reading{end_, time, value};
    ++end_;
    if (!last_is_open_ || segments_.back().count >= segment_readings_max_)
        if (const auto started = start_segment(reading.sequence); !started) return started.error();
    Segment& segment = segments_.back();
    if (!write_stored(segment.file.get(), segment.count, reading)) {
        last_is_open_ = false;  // the sequence has a hole now, and a segment has none
        const Error error = system_error("writing to", segment.path);
        if (segment.count == 0) {
            // A disk that stays full must not fill the folder with empty segments.
            unlink(segment.path.c_str());
            segments_.pop_back();
        }
        return error;
    }
    ++segment.count;
    unsynced_ = true;
    return reading.sequence;
}

Result<void> ReadingBuffer::start_segment(Sequence first) {
    last_is_open_ = false;
    if (const auto synced = sync(); !synced) return synced.error();
    if (const auto removed = remove_released(); !removed) return removed.error();
    const std::uint64_t segment_bytes_max = segment_readings_max_ * stored_bytes;
    while (segments_.size() >= segments_max ||
           (!segments_.empty() && stored().count + segment_bytes_max > size_.count))
        drop_oldest();

    fs::path path = segment_path(folder_, first);
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, file_mode));
    if (!file || fsync(lock_.get()) != 0) return system_error("making", path);
    segments_.push_back(Segment{std::move(path), std::move(file), first, 0});
    last_is_open_ = true;
    return {};
}

void ReadingBuffer::drop_oldest() {
    const Segment& oldest = segments_.front();
    if (oldest.end() > released_.sequence)
        dropped_ += oldest.end() - std::max(oldest.first, released_.sequence);
    unlink(oldest.path.c_str());
    segments_.pop_front();
}

Result<void> ReadingBuffer::remove_released() {
    const auto removable = [this] {
        return segments_.size() > 1 && segments_.front().end() <= released_.sequence;
    };
    if (!removable()) return {};
    // Were the cursor lost in a power cut and the segment not, or the other way round, readings
    // that were sent would be reported as a gap.
    if (fdatasync(cursor_.get()) != 0) return system_error("syncing", folder_ / "cursor");
    while (removable())
        drop_oldest();
    return {};
}

ReadingBuffer::Item ReadingBuffer::at(Sequence sequence) const {
    if (sequence >= end_) return {};
    const auto intact = [this](const Segment& segment, Sequence at) -> std::optional<Reading> {
        auto reading = read_stored(segment.file.get(), at - segment.first);
        if (!reading || reading->sequence != at) return std::nullopt;
        return reading;
    };
    Sequence next = sequence;
    for (const Segment& segment : segments_) {
        if (segment.end() <= next) continue;
        for (next = std::max(next, segment.first); next < segment.end(); ++next)
            if (const auto reading = intact(segment, next)) {
                if (next == sequence) return *reading;
                return Gap{sequence, next - 1};
            }
    }
    return Gap{sequence, end_ - 1};
}

Result<void> ReadingBuffer::release(Sequence sequence, std::optional<EventTime> last_time) {
    WEIR_ASSERT(sequence >= released_.sequence && sequence <= end_,
                "readings are released in order, and only those that were appended");
    const Reading cursor{sequence, last_time.value_or(EventTime{}), last_time ? 1.0 : 0.0};
    if (!write_stored(cursor_.get(), cursor_slot_, cursor))
        return system_error("writing to", folder_ / "cursor");
    cursor_slot_ = (cursor_slot_ + 1) % cursor_slots;
    released_ = {sequence, last_time};
    return remove_released();
}

Result<void> ReadingBuffer::sync() {
    if (!unsynced_) return {};
    const Segment& last = segments_.back();
    if (fdatasync(last.file.get()) != 0) return system_error("syncing", last.path);
    unsynced_ = false;
    return {};
}

Bytes ReadingBuffer::stored() const {
    std::uint64_t count = 0;
    for (const Segment& segment : segments_)
        count += segment.count;
    return Bytes{count * stored_bytes};
}

std::uint64_t ReadingBuffer::capacity() const { return segment_readings_max_ * segment_share; }

}  // namespace weir::serial_reader
