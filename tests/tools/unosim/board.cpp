// SPDX-License-Identifier: Apache-2.0
#include "board.hpp"

#include <avr_adc.h>
#include <avr_uart.h>
#include <elf.h>
#include <fmt/format.h>
#include <sim_avr.h>
#include <sim_elf.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace weir::unosim {
namespace {

constexpr std::uint32_t frequency_hz = 16'000'000;
constexpr std::uint32_t supply_mv = 5000;
constexpr char uart = '0';

/// simavr reports what it loads on standard output, where only our own lines belong.
void log_errors(avr_t*, int level, const char* format, va_list arguments) {
    if (level <= LOG_ERROR) std::vfprintf(stderr, format, arguments);
}

/// simavr crashes on a file for another processor.
bool is_avr_elf(const std::string& path) {
    Elf32_Ehdr header{};
    std::ifstream file(path, std::ios::binary);
    file.read(reinterpret_cast<char*>(&header), sizeof header);
    return file && std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
           header.e_ident[EI_CLASS] == ELFCLASS32 && header.e_machine == EM_AVR;
}

/// What elf_read_firmware() allocates belongs to its caller; loading copies it into the MCU.
struct Firmware : elf_firmware_t {
    Firmware() : elf_firmware_t{} {}
    Firmware(const Firmware&) = delete;
    Firmware& operator=(const Firmware&) = delete;
    ~Firmware() {
        for (std::uint32_t i = 0; i < symbolcount; ++i)
            std::free(symbol[i]);
        std::free(symbol);
        std::free(flash);
        std::free(eeprom);
        std::free(fuse);
        std::free(lockbits);
    }
};

struct AvrDeleter {
    void operator()(avr_t* avr) const { avr_terminate(avr); }
};

class SimavrBoard final : public Board {
public:
    SimavrBoard(avr_t* avr, elf_firmware_t& firmware, Receiver receiver)
        : avr_(avr), receiver_(std::move(receiver)) {
        avr_init(avr);
        avr->frequency = frequency_hz;
        avr->vcc = avr->avcc = avr->aref = supply_mv;
        avr->log = LOG_ERROR;
        // The caller paces the board; a sleeping MCU must not sleep the process as well.
        avr->sleep = [](avr_t*, avr_cycle_count_t) {};
        avr_load_firmware(avr, &firmware);

        std::uint32_t flags = 0;
        avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS(uart), &flags);
        flags &= ~static_cast<std::uint32_t>(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
        avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS(uart), &flags);

        listen(UART_IRQ_OUTPUT, [](avr_irq_t*, std::uint32_t value, void* board) {
            static_cast<SimavrBoard*>(board)->receiver_(static_cast<std::uint8_t>(value));
        });
        listen(UART_IRQ_OUT_XON, [](avr_irq_t*, std::uint32_t, void* board) {
            static_cast<SimavrBoard*>(board)->can_take_ = true;
        });
        listen(UART_IRQ_OUT_XOFF, [](avr_irq_t*, std::uint32_t, void* board) {
            static_cast<SimavrBoard*>(board)->can_take_ = false;
        });
    }

    bool run(std::chrono::microseconds duration) override {
        const auto cycles =
            static_cast<avr_cycle_count_t>(duration.count()) * frequency_hz / 1'000'000;
        const avr_cycle_count_t until = avr_->cycle + cycles;
        while (avr_->cycle < until) {
            const int state = avr_run(avr_.get());
            if (state == cpu_Done || state == cpu_Crashed) return false;
        }
        return true;
    }

    void set_millivolts(unsigned pin, std::uint32_t millivolts) override {
        const int index = ADC_IRQ_ADC0 + static_cast<int>(pin);
        avr_raise_irq(avr_io_getirq(avr_.get(), AVR_IOCTL_ADC_GETIRQ, index), millivolts);
    }

    [[nodiscard]] bool can_take() const override { return can_take_; }
    void send(std::uint8_t byte) override { avr_raise_irq(irq(UART_IRQ_INPUT), byte); }
    void reset() override { avr_reset(avr_.get()); }

private:
    [[nodiscard]] avr_irq_t* irq(int index) const {
        return avr_io_getirq(avr_.get(), AVR_IOCTL_UART_GETIRQ(uart), index);
    }
    void listen(int index, avr_irq_notify_t notify) {
        avr_irq_register_notify(irq(index), notify, this);
    }

    std::unique_ptr<avr_t, AvrDeleter> avr_;
    Receiver receiver_;
    bool can_take_ = true;
};

}  // namespace

Result<std::unique_ptr<Board>> Board::power_up(const std::string& firmware, Receiver receiver) {
    avr_global_logger_set(log_errors);
    Firmware elf;
    if (!is_avr_elf(firmware) || elf_read_firmware(firmware.c_str(), &elf) != 0)
        return Error{fmt::format("reading {}: expected an ELF file for the AVR", firmware)};
    avr_t* const avr = avr_make_mcu_by_name("atmega328p");
    if (avr == nullptr) return Error{"simavr was built without the ATmega328P"};
    return std::unique_ptr<Board>(new SimavrBoard(avr, elf, std::move(receiver)));
}

}  // namespace weir::unosim
