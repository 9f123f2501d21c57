#include "probe.h"

#include "adc.h"
#include "config.h"
#include "guard.h"
#include "registers.h"
#include "timebase.h"

enum phase { IDLE, JOIN, LOW_POINT, RISE, HIGH_POINT, HIGH_AGAIN, CLASS_RISE, CLASS, LEAVE };

static uint8_t phase;
static uint32_t since;
static uint32_t detected_at;
static probe_report_t result;
/* Sums of ADC_SUMMED conversions, of the source's end and of the jack's. */
static uint16_t low_source;
static uint16_t low_jack;
static uint16_t high_jack;

static void enter(uint8_t next) {
  phase = next;
  since = now();
}

bool probe_start(void) {
  result = (probe_report_t){.kind = PROBE_NOT_POSSIBLE, .ohms = NO_OHMS, .class = NO_CLASS};
  if (guard_estop_ok() && !guard_low_voltage(true)) return false;
  adc_plan(ADC_PROBE);
  enter(guard_estop_ok() ? JOIN : LEAVE);
  return true;
}

void probe_abort(void) {
  if (phase == IDLE) return;
  guard_low_voltage(false);
  adc_plan(ADC_USUAL);
  phase = IDLE;
}

const probe_report_t *probe_result(void) { return &result; }

bool probe_valid(uint32_t *at) {
  *at = detected_at;
  return result.kind == PROBE_SIGNATURE && result.class != NO_CLASS;
}

static void leave(void) {
  guard_low_voltage(false);
  adc_plan(ADC_USUAL);
  enter(LEAVE);
}

static uint16_t millivolts(uint16_t sum) { return sum * PROBE_FULL_SCALE_MV / (1023UL * ADC_SUMMED); }

/* The slope between the two points: bridge drops and offsets fall out. */
static void judge_slope(uint16_t high_source) {
  int32_t source_step = (int32_t)high_source - low_source;
  int32_t jack_step = (int32_t)high_jack - low_jack;
  int32_t drawn_step = source_step - jack_step;
  result.kind = PROBE_LOAD;
  if (source_step < (int32_t)DETECT_STEP_MIN || jack_step < 0) return;
  /* Together with the divider at the jack, and then without it. */
  uint32_t together = drawn_step <= 0 ? NO_OHMS : DETECT_OHMS * (uint32_t)jack_step / (uint32_t)drawn_step;
  if (together >= OPEN_OHMS_WITH_DIVIDER) {
    result.kind = PROBE_OPEN;
    return;
  }
  result.ohms = together * (DETECT_DIVIDER_OHMS / 100) / (DETECT_DIVIDER_OHMS / 100 - together / 100);
  result.kind = result.ohms < SIGNATURE_OHMS_MIN   ? PROBE_LOW
                : result.ohms > SIGNATURE_OHMS_MAX ? PROBE_HIGH
                                                   : PROBE_SIGNATURE;
}

static void judge_high_again(uint16_t source, uint16_t jack) {
  result.low_millivolts = millivolts(low_jack);
  result.high_millivolts = millivolts(jack);
  uint16_t apart = jack > high_jack ? jack - high_jack : high_jack - jack;
  if ((uint32_t)apart * 100 > (uint32_t)high_jack * PROBE_AGREE_PERCENT) {
    result.kind = PROBE_LOAD;
  } else {
    high_jack = jack;
    judge_slope(source);
  }
}

static void judge_class(uint16_t sense) {
  uint32_t microamps = sense * CLASS_FULL_SCALE_UA / (1023UL * ADC_SUMMED);
  result.class_microamps = microamps;
  if (microamps > CLASS_4_MAX_UA) return;
  result.class = microamps >= CLASS_3_MAX_UA   ? 4
                 : microamps >= CLASS_2_MAX_UA ? 3
                 : microamps >= CLASS_1_MAX_UA ? 2
                                               : microamps >= CLASS_0_MAX_UA;
}

bool probe_pass(void) {
  uint32_t t = now();
  uint16_t sense;
  uint16_t jack;
  if (phase != IDLE && phase != LEAVE && !guard_estop_ok()) {
    /* Its contact has taken the sources' supply away. */
    result = (probe_report_t){.kind = PROBE_NOT_POSSIBLE, .ohms = NO_OHMS, .class = NO_CLASS};
    leave();
    return false;
  }
  switch (phase) {
    case JOIN:
    case RISE:
    case CLASS_RISE:
      if (t - since < MS(phase == JOIN ? PROBE_JOIN_MS : phase == RISE ? PROBE_RISE_MS : CLASS_SETTLE_MS)) break;
      adc_sum();
      enter(phase + 1);
      break;
    case LOW_POINT:
      if (!adc_summed(&low_source, &low_jack)) break;
      registers_set(REGISTER_AF_HIGH, true);
      enter(RISE);
      break;
    case HIGH_POINT:
      if (!adc_summed(&sense, &high_jack)) break;
      adc_sum();
      enter(HIGH_AGAIN);
      break;
    case HIGH_AGAIN:
      if (!adc_summed(&sense, &jack)) break;
      detected_at = t;
      judge_high_again(sense, jack);
      if (result.kind != PROBE_SIGNATURE) {
        leave();
        break;
      }
      registers_set(REGISTER_AF_CLASS, true);
      enter(CLASS_RISE);
      break;
    case CLASS:
      if (!adc_summed(&sense, &jack)) break;
      judge_class(sense);
      leave();
      break;
    case LEAVE:
      if (t - since < MS(PROBE_JOIN_MS)) break;
      result.time = t;
      phase = IDLE;
      return true;
  }
  return false;
}
