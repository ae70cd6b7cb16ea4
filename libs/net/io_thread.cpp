// SPDX-License-Identifier: Apache-2.0
#include "net/io_thread.hpp"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <thread>

#include "base/assert.hpp"
#include "net/asio.hpp"

namespace weir::net {

struct IoThread::State {
    std::string name;
    asio::io_context context{1};
    asio::executor_work_guard<Executor> work{context.get_executor()};
    std::thread thread;
};

IoThread::IoThread(std::string name) : state_(std::make_unique<State>()) {
    constexpr std::size_t name_size_max = 15;  // pthread_setname_np(3)
    name.resize(std::min(name.size(), name_size_max));
    state_->name = std::move(name);
}

IoThread::~IoThread() { stop(); }

asio::io_context& IoThread::context() { return state_->context; }

void IoThread::start() {
    WEIR_ASSERT(!state_->thread.joinable(), "an io thread is started once");
    state_->thread = std::thread([state = state_.get()] {
        pthread_setname_np(pthread_self(), state->name.c_str());
        state->context.run();
    });
}

void IoThread::post(std::function<void()> task) { asio::post(state_->context, std::move(task)); }

void IoThread::join() {
    state_->work.reset();
    if (state_->thread.joinable()) state_->thread.join();
}

void IoThread::stop() {
    state_->context.stop();
    join();
}

}  // namespace weir::net
