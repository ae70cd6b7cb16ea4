// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace weir::net {

/// One thread that runs one io_context until it is told to stop.
///
/// Problem: our servers are single-threaded per io_context, so that their state needs no locks.
/// Something must own that thread and end it after everything that uses it has let go.
///
/// Threads:  post() from any thread; the rest from the owner's.
/// Lifetime: must outlive what uses context(), or be join()ed before that goes.
class IoThread {
public:
    /// `name` is what `ps -L` shows; at most 15 characters are kept.
    explicit IoThread(std::string name);
    ~IoThread();
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    boost::asio::io_context& context();

    /// Starts the thread. What was posted before runs now.
    void start();

    /// Runs `task` on the thread, soon.
    void post(std::function<void()> task);

    /// Lets the thread end once nothing is left to do, and waits for it.
    void join();

    /// Ends the thread after the handler that runs now, whatever is left to do, and waits for it.
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::net
