import { checked, freeNativeMemory, libc, nativeMemory } from './libc.js';

/** More than sizeof(struct timex) of any glibc; zeros ask and set nothing. */
const timexBytes = 512;
/** sys/timex.h: the clock is not synchronised to any server. */
const TIME_ERROR = 5;

/** By the kernel's own word, whichever program tells it (timesyncd, chrony, ntpd). Throws BenchError SYSTEM_CALL. */
export const isKernelClockSynchronised = (): boolean => {
  const memory = nativeMemory(timexBytes);
  try {
    memory.bytes.fill(0);
    return checked('adjtimex', libc().adjtimex(memory.address)) !== TIME_ERROR;
  } finally {
    freeNativeMemory(memory);
  }
};
