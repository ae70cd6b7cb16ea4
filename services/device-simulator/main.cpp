// SPDX-License-Identifier: Apache-2.0
#include "config/command.hpp"
#include "options.hpp"
#include "runtime/service.hpp"
#include "simulator.hpp"

int main(int argc, char** argv) {
    using namespace weir;
    config::Command command("device-simulator",
                            "Plays any number of devices that publish readings over MQTT.");
    device_simulator::Options options;
    options.declare(command);
    return runtime::run(argc, argv, command, [&](runtime::Service& service) {
        return device_simulator::run(options, service);
    });
}
