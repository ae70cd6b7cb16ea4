// SPDX-License-Identifier: Apache-2.0
#include "config/command.hpp"
#include "emitter.hpp"
#include "options.hpp"
#include "runtime/service.hpp"

int main(int argc, char** argv) {
    using namespace weir;
    config::Command command("emitter",
                            "Sends records of Kafka topics to browsers as Socket.IO events, and "
                            "serves the page that shows them.");
    emitter::Options options;
    options.declare(command);
    return runtime::run(argc, argv, command, [&](runtime::Service& service) {
        return emitter::Emitter(options, service).run();
    });
}
