/* Every limit of the firmware, once, with where it comes from. Times are in ms unless the name says otherwise. */
#pragma once
#include "pinmap.h"

#define PROTOCOL_VERSION 3
#define FIRMWARE_MAJOR 2
#define FIRMWARE_MINOR 0
#define FIRMWARE_NAME "Linkpulse"
#define FIRMATA_MAJOR 2
#define FIRMATA_MINOR 5

/* ---- time: Timer 1 counts 64 CPU cycles (docs/board-protocol.md, `time`) -------------------------------- */
#define UNIT_CYCLES 64
#define UNIT_US (UNIT_CYCLES / (F_CPU / 1000000))
#define UNITS_PER_MS (F_CPU / 1000 / UNIT_CYCLES)
#define MS(ms) ((uint32_t)(ms) * UNITS_PER_MS)
/* A pass of the main loop every 160 us: shorter than a byte at 57600 baud (174 us), so that polling loses none. */
#define TICK_UNITS 40
/* Longest time without a pass is a listening slice, some 5 ms; the pump's monostable (30 ms) is the faster guard. */
#define WATCHDOG WDTO_60MS

/* ---- serial line: 57600 with U2X is -0.8 %, data sheet table 20-12 --------------------------------------- */
#define UBRR_57600 34
#define BODY_MAX 64

/* ---- FLP: 802.3 clause 28.2.1; burst geometry itself is cycle-counted in flp_burst.S ---------------------- */
#define BURST_POSITIONS 33
/* Of a pulse, as DISCOVER asks for it: 125, 250, 500 ns, 1 us. 28.2.1.1 has 100 ns; a low-pass filter behind the
   phone's relay swallows that. */
#define PULSE_WIDTHS 4
#define PULSE_WIDEST (PULSE_WIDTHS - 1)
#define BURST_PERIOD_UNITS 4000 /* 256000 cycles, 16 ms; a whole number of ticks */
/* Ticks before a burst without any work that could outlast a tick. */
#define BURST_QUIET_TICKS 4
/* Must hold two bursts or link pulses of a partner at 24 ms at the most (28.3.2), and is at least 40 ms. */
#define LISTEN_MS 50
#define LISTEN_SLICE_UNITS 256
#define LISTEN_SLICE_MAX_UNITS 1000
/* Pulse to pulse, in units of 4 us: data_detect_max 78-100 us, flp_test_max 165-185 us, link pulses 8-24 ms. */
#define GAP_DATA_MIN 12
#define GAP_DATA_MAX 21
#define GAP_CLOCK_MAX 40
#define GAP_NLP_MIN MS(6)
#define GAP_NLP_MAX MS(26)
/* Gaps inside the FLP windows before calling it FLP: flp_cnt 6 pulses. */
#define FLP_RUN_MIN 5
/* Bursts with foreign pulses in a row after which we stop sending and listen. */
#define FOREIGN_BURSTS_MAX 3

/* ---- power ----------------------------------------------------------------------------------------------- */
#define SAFE_MILLIVOLTS 2800 /* 802.3 33.2.9: below is off */
#define STUCK_AFTER_MS 500   /* 802.3 33.2.9: off within 500 ms */
#define DISCOVERY_MAX_AGE_MS 500
#define SIGNATURE_MAX_AGE_MS 400 /* 802.3 33.2.8 Tpon */
/* Signal relay 3 ms, safety relay 10 ms operate time; both with bounce. */
#define RELAY_SETTLE_MS 10
#define RELAY_TIMEOUT_MS 25
#define SWITCH2_SETTLE_MS 12
#define LATCH_CLEAR_MS 1
/* The phone's own supply starts at 36 V at the latest (802.3af 33.3.5 Von 42 V, Voff 30 V). */
#define INRUSH_DONE_MILLIVOLTS 30000
#define INRUSH_SETTLED_MS 2
/* After a reset with power on: the dwell of that power-on is not known any more. */
#define DWELL_AFTER_RESET_MS 5000

/* ---- 802.3af: detection at two points through 3.9 kohm, classification (schematics/spice/values.json) ------- */
#define ADC_SUM_ROUNDS 16 /* of eight ticks: 20.5 ms, a period of 50 Hz mains */
#define ADC_SUMMED (3 * ADC_SUM_ROUNDS)
/* What 2.5 V behind a divider of four are at its top. */
#define PROBE_FULL_SCALE_MV 10000UL
/* Signal relay K801 with bounce, and what the cable and 0.15 uF need. */
#define PROBE_JOIN_MS 15
#define PROBE_RISE_MS 10
#define DETECT_OHMS 3900UL
/* What the divider at the jack's end draws by itself. */
#define DETECT_DIVIDER_OHMS 400000UL
/* 33.2.5.1: accepts 19..26.5 kohm, rejects below 15 and above 33; half-way, with the readings' errors. */
#define SIGNATURE_OHMS_MIN 17000
#define SIGNATURE_OHMS_MAX 29500
#define OPEN_OHMS_WITH_DIVIDER 80000 /* 100 kohm at the jack */
/* Of the source's step between its two points, nominal 511 counts: less is no source. */
#define DETECT_STEP_MIN (300U * ADC_SUMMED)
/* The second reading of the high point: a signature stands, a capacitor still charges. In percent. */
#define PROBE_AGREE_PERCENT 3
#define CLASS_SETTLE_MS 10 /* 33.2.7: 10..75 ms with the measurement */
#define CLASS_FULL_SCALE_UA 49800UL
/* Table 33-6; a current between two classes is of the higher one. */
#define CLASS_0_MAX_UA 5000
#define CLASS_1_MAX_UA 13000
#define CLASS_2_MAX_UA 21000
#define CLASS_3_MAX_UA 31000
#define CLASS_4_MAX_UA 48000

/* ---- discrete lines --------------------------------------------------------------------------------------- */
#define PROFILE_AT 32 /* in the EEPROM, behind the calibration */
#define HOST_SILENT_MS 2000
#define LINE_FASTEST_MS 20
#define LINE_SLOWEST_MS 500
#define FAULT_SHOWN_MS 200

/* ---- calibration: what a board may deviate from hardware/pinmap.json's full scales ------------------------- */
/* 500 mA / 1023 in parts of 2^16, and 64000 mV / 1023 in parts of 2^9: the same number. */
#define GAIN_NOMINAL 32031
/* 5 %: ten times the reference's 0.5 % */
#define GAIN_MIN 30430
#define GAIN_MAX 33632
#define CURRENT_OFFSET_MAX (10 << 8) /* 10 mA */
#define JACK_OFFSET_MAX 500          /* mV; far below SAFE_MILLIVOLTS */

/* ---- self-test ------------------------------------------------------------------------------------------- */
#define ADC_BANDGAP_CHANNEL 14
#define ADC_GROUND_CHANNEL 15
/* The bandgap charges the sampling capacitor slowly (data sheet 24.6): the last of so many counts. */
#define ADC_CHECK_CONVERSIONS 8
/* 1.0-1.2 V (data sheet table 29-12) of a reference of 2.5 V +- 0.5 %. */
#define SELFTEST_BANDGAP_MIN 407
#define SELFTEST_BANDGAP_MAX 494
#define SELFTEST_GROUND_MAX 2
#define SELFTEST_CURRENT_MAX 3 /* mA with the switches open; the error budget is 1.5 */
#define SELFTEST_PULSES 32
#define LOOPBACK_SETTLE_MS 1
/* READBACK while AF_CONNECT is low: 2.5 V is 1023 counts. */
#define READBACK_GATE_HIGH 123     /* 0.30 V, with the second switch closed */
#define READBACK_OPEN 368          /* 0.90 V */
#define READBACK_OPEN_GATE_HIGH 634 /* 1.55 V */
/* AF_SENSE, a quarter of 4.4 V and of 9.4 V, 5 % either way. */
#define SOURCE_LOW_MIN 428
#define SOURCE_LOW_MAX 473
#define SOURCE_HIGH_MIN 914
#define SOURCE_HIGH_MAX 1010
/* Safety relay 10 ms, pump's first enable 5 ms, and the filters of the read-back. */
#define SELFTEST_SWITCH_MS 20
#define SELFTEST_SOURCE_MS 10
#define PUMP_DEAD_MS 30
/* The result leaves the board in this time. */
#define SELFTEST_SENT_MS 200

/* ---- reports --------------------------------------------------------------------------------------------- */
#define TICK_MS 50
/* A power of two, and longer than the longest heartbeat time-out. */
#define TICKS_KEPT 32
#define SAMPLE_MS 10
#define SAMPLES_PER_BLOCK 10
/* A sample a tick, one byte of 2 mA: 40.8 ms, as much as there is RAM for. */
#define TRACE_MILLIAMPS 2
#define TRACE_SAMPLES 255
#define TRACE_CHUNK 12 /* 61 bytes, 11 ms: what a TICK may have to wait for */

/* ---- what DISCOVER may ask for: lowest and highest value of each parameter ------------------------------- */
#define ECHOES_MIN 3
#define ECHOES_MAX 8
#define BURSTS_MAX 250
#define INRUSH_TIMER_MIN 5
#define INRUSH_TIMER_MAX 200 /* 802.3af Tinrush 50-75 ms */
#define OVERLOAD_MA_MIN 20
#define OVERLOAD_MA_MAX 450 /* the analogue limit stands at 425 mA */
#define OVERLOAD_MS_MIN 1
#define OVERLOAD_MS_MAX 200 /* 802.3af Tovld 50-75 ms */
#define UNDERLOAD_MA_MIN 1
#define UNDERLOAD_MA_MAX 100 /* 802.3af Imin 5-10 mA */
#define UNDERLOAD_MS_MIN 10
#define UNDERLOAD_MS_MAX 2000 /* 802.3af Tmpdo 300-400 ms */
#define HEARTBEAT_MS_MIN 200
#define HEARTBEAT_MS_MAX 800
#define LINK_DEADLINE_MS_MIN 1000
#define LINK_DEADLINE_MS_MAX 60000
#define OFF_DWELL_MS_MIN 500
#define OFF_DWELL_MS_MAX 60000

/* ---- Firmata ---------------------------------------------------------------------------------------------- */
#define SAMPLING_MS_DEFAULT 19
#define SAMPLING_MS_MIN 10
