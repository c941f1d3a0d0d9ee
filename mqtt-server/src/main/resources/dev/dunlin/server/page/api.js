// The admin HTTP of the broker: see docs/admin-http.md.

const KEY = 'dunlin-token';
// So long after the last event a stream is taken for dead: there is one each second.
const SILENCE_MS = 5_000;
// A trace has an empty line each 5 seconds.
const TRACE_SILENCE_MS = 20_000;
const ANSWER_MS = 30_000;

/** An answer that isn't a success, with the broker's own words for it, and all of its problem document: null if there is none. */
export class Refused extends Error {
  constructor(status, message, problem) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

/** There was no answer at all, or only the beginning of one. */
export class NoAnswer extends Error {}

export function token() {
  return sessionStorage.getItem(KEY);
}

export function setToken(value) {
  sessionStorage.setItem(KEY, value);
}

/** The answer of the broker to a request, from JSON. Fails with Refused, or if there is no answer. */
export async function call(method, path) {
  const response = await request(method, path, AbortSignal.timeout(ANSWER_MS));
  return JSON.parse(await response.text().catch(noAnswer));
}

function noAnswer() {
  throw new NoAnswer("The broker doesn't answer.");
}

/** A path of the API. What clients have chosen goes into the query: as a part of a path “..” would be another path. */
export function path(...parts) {
  return '/api/v1/' + parts.join('/');
}

/** A path with parameters. */
export function query(base, parameters) {
  return base + '?' + new URLSearchParams(parameters);
}

/**
 * Calls back with each event of the broker's stream, as an object. Ends, or fails, when the stream does or falls silent, or when the
 * signal says so.
 */
export function follow(streamPath, onEvent, stopped) {
  return read(signal => request('GET', streamPath, signal), '\n\n', SILENCE_MS, stopped, event => {
    const data = dataOf(event);
    if (data) {
      onEvent(JSON.parse(data));
    }
  });
}

/** Calls back with each line of a trace: what is traced is { clientId } or { filter } or both. Ends, or fails, as follow. */
export function trace(traced, onLine, stopped) {
  return read(signal => request('POST', path('traces'), signal, traced), '\n', TRACE_SILENCE_MS, stopped, line => line && onLine(line));
}

/** Calls back with each part of an answer that goes on, without what separates them. */
async function read(ask, separator, silenceMs, stopped, onPart) {
  const abort = new AbortController();
  const stop = () => abort.abort();
  if (stopped.aborted) {
    stop();
  }
  stopped.addEventListener('abort', stop);
  let silence = setTimeout(stop, silenceMs);
  try {
    const response = await ask(abort.signal);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const next = () => reader.read().catch(noAnswer);
    let text = '';
    for (let chunk = await next(); !chunk.done; chunk = await next()) {
      clearTimeout(silence);
      silence = setTimeout(stop, silenceMs);
      const parts = (text + chunk.value).split(separator);
      text = parts.pop();
      parts.forEach(onPart);
    }
  } finally {
    clearTimeout(silence);
    stop();
  }
}

function dataOf(event) {
  return event.split('\n').filter(line => line.startsWith('data:')).map(line => line.slice(5)).join('\n');
}

/** The body, if there is any, is an object. */
async function request(method, where, signal, body) {
  const headers = { Authorization: `Bearer ${token() ?? ''}`, ...(body && { 'Content-Type': 'application/json' }) };
  const response = await fetch(where, { method, headers, signal, body: body && JSON.stringify(body) }).catch(noAnswer);
  if (!response.ok) {
    throw await refusal(response);
  }
  return response;
}

/** What the problem document of an answer says, or what HTTP does. */
async function refusal(response) {
  const text = await response.text().catch(noAnswer);
  try {
    const problem = JSON.parse(text);
    return new Refused(response.status, problem.detail ?? problem.title, problem);
  } catch {
    return new Refused(response.status, `${response.status} ${response.statusText}`, null);
  }
}
