/** Requests to the station. A refusal becomes an Error with the station's code and remedy; no answer has code UNREACHABLE. */
const base = '/api/v1';
const answerWithinMs = 8_000;

export const call = async (path, options = {}) => {
  let response;
  try {
    response = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(answerWithinMs), ...options });
  } catch (cause) {
    throw Object.assign(new Error('the station does not answer', { cause }), { code: 'UNREACHABLE', remedy: '' });
  }
  const type = response.headers.get('content-type') ?? '';
  const body = type.includes('json') && !type.includes('ndjson') ? await response.json() : await response.text();
  if (response.ok) return body;
  const { code = `HTTP ${response.status}`, message = response.statusText, remedy = '' } = body;
  throw Object.assign(new Error(message), { code, remedy });
};

export const send = (path, body, method = 'POST') =>
  call(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });

/** The events of a run that are on the station's disk, in order. */
export const storedEvents = async (runId) => {
  const text = await call(`/runs/${encodeURIComponent(runId)}/timeline.ndjson`);
  return text
    .split('\n')
    .filter((line) => line.startsWith('{"seq"'))
    .map((line) => JSON.parse(line));
};
